//! What is not answered, and not charged.

/// Why a query is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Words put into a real person's mouth.
    #[error("personas are synthetic people; they do not speak for a real individual")]
    RealIndividual,
    /// Votes sold as evidence.
    #[error("votes are not forecast: synthetic answers are no evidence of how people will vote")]
    Vote,
    /// Treatment decided by synthetic answers.
    #[error("synthetic answers are no evidence for a medical decision")]
    Medical,
    /// Finding the weak to press.
    #[error("personas are not asked how to exploit or pressure vulnerable people")]
    Exploitation,
}

/// Refuses by what is asked and about what. Opinions on public questions, politics among them, are answered.
pub(crate) fn check(question: &str, concept: &str) -> Result<(), Refusal> {
    let text = format!("{question} {concept}").to_lowercase();
    let all = |words: &[&str]| words.iter().all(|word| text.contains(word));
    let any = |rules: &[&[&str]]| rules.iter().any(|rule| all(rule));
    if any(&[
        &["pretend you are", "senator"],
        &["pretend to be", "president"],
        &["answer as elon"],
        &["answer as donald"],
        &["speak as the real"],
        &["impersonate"],
    ]) {
        return Err(Refusal::RealIndividual);
    }
    if any(&[
        &["who will you vote for"],
        &["who would you vote for"],
        &["whom will you vote for"],
        &["predict", "election"],
        &["forecast", "election"],
        &["who will win", "election"],
        &["evidence", "will vote"],
    ]) {
        return Err(Refusal::Vote);
    }
    if any(&[
        &["should i stop taking"],
        &["what dose"],
        &["diagnos", "me"],
        &["clinical decision"],
        &["treatment decision"],
        &["stop", "chemotherapy"],
    ]) {
        return Err(Refusal::Medical);
    }
    if any(&[
        &["manipulate", "elderly"],
        &["exploit", "addict"],
        &["scam"],
        &["pressure", "vulnerable"],
        &["exploit", "vulnerable"],
        &["dementia", "sell"],
    ]) {
        return Err(Refusal::Exploitation);
    }
    Ok(())
}
