//! What an asker's options mean: how far each stands for the proposition, or that they are names without an order.

mod amount;
mod norm;
mod valence;

pub(crate) use self::norm::{is_of_amounts, norm};
use self::{
    amount::{amount, times},
    valence::valence,
};

/// What one option is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Role {
    /// Its place from -1 (against) to 1 (for).
    At(f32),
    /// "Don't know", "prefer not to say".
    Unsure,
    /// A name that says nothing of for and against.
    Name,
}

/// Roles of all options. Either every sure option has a place, or none has.
pub(crate) fn roles(options: &[String]) -> Vec<Role> {
    let texts: Vec<String> = options.iter().map(|option| plain(option)).collect();
    let unsure: Vec<bool> = texts.iter().map(|text| is_unsure(text)).collect();
    let sure: Vec<&str> =
        texts.iter().zip(&unsure).filter(|(_, unsure)| !**unsure).map(|(text, _)| text.as_str()).collect();
    let places = read(&sure, times).or_else(|| read(&sure, amount)).or_else(|| valences(&sure));
    let mut places = places.map(|values| spread(&values).into_iter());
    let mut role = |unsure: bool| match (&mut places, unsure) {
        (_, true) => Role::Unsure,
        (Some(places), _) => places.next().map_or(Role::Name, Role::At),
        (None, _) => Role::Name,
    };
    unsure.into_iter().map(&mut role).collect()
}

/// Lower-case words with single spaces and no punctuation but what numbers need.
pub(crate) fn plain(text: &str) -> String {
    let text = text.to_lowercase().replace(['\u{2019}', '\''], "");
    let keep = |c: char| if c.is_alphanumeric() || matches!(c, '$' | '+' | '.' | '%') { c } else { ' ' };
    let text: String = text.chars().map(keep).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_unsure(text: &str) -> bool {
    const UNSURE: [&str; 12] = [
        "dont know",
        "do not know",
        "not sure",
        "unsure",
        "no opinion",
        "prefer not",
        "refused",
        "no answer",
        "skipped",
        "cant choose",
        "cannot say",
        "havent heard",
    ];
    UNSURE.iter().any(|phrase| text.starts_with(phrase)) || text == "dk"
}

/// Places by what every option can be read as, where there are three that differ or more.
fn read(texts: &[&str], as_number: fn(&str) -> Option<f32>) -> Option<Vec<f32>> {
    let values: Vec<f32> = texts.iter().map(|text| as_number(text)).collect::<Option<_>>()?;
    (distinct(&values).len() >= 3).then_some(values)
}

fn valences(texts: &[&str]) -> Option<Vec<f32>> {
    let values: Vec<f32> = texts.iter().map(|text| valence(text)).collect::<Option<_>>()?;
    let (least, most) = extent(&values);
    (values.len() >= 2 && most > least).then_some(values)
}

fn extent(values: &[f32]) -> (f32, f32) {
    values.iter().fold((f32::MAX, f32::MIN), |(least, most), v| (least.min(*v), most.max(*v)))
}

/// Evenly from -1 to 1 by rank; equals stay equal.
fn spread(values: &[f32]) -> Vec<f32> {
    let distinct = distinct(values);
    let last = (distinct.len().max(2) - 1) as f32;
    let rank = |v: f32| distinct.iter().position(|d| (d - v).abs() < 1e-6).unwrap_or_default() as f32;
    values.iter().map(|v| rank(*v) / last * 2.0 - 1.0).collect()
}

fn distinct(values: &[f32]) -> Vec<f32> {
    let mut distinct = values.to_vec();
    distinct.sort_by(f32::total_cmp);
    distinct.dedup_by(|a, b| (*a - *b).abs() < 1e-6);
    distinct
}

#[cfg(test)]
mod tests {
    use super::{Role, roles};

    fn places(options: &[&str]) -> Vec<Role> {
        roles(&options.iter().map(|option| (*option).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn scales_are_read_in_whatever_order_and_words_they_come() {
        use Role::{At, Name, Unsure};
        assert_eq!(places(&["Support", "Oppose"]), [At(1.0), At(-1.0)]);
        assert_eq!(places(&["No", "Yes", "Don't know"]), [At(-1.0), At(1.0), Unsure]);
        assert_eq!(places(&["Too Little", "About Right", "Too Much"]), [At(1.0), At(0.0), At(-1.0)]);
        assert_eq!(
            places(&[
                "Strongly agree",
                "Somewhat agree",
                "Neither agree nor disagree",
                "Somewhat disagree",
                "Strongly disagree"
            ]),
            [At(1.0), At(0.5), At(0.0), At(-0.5), At(-1.0)]
        );
        assert_eq!(
            places(&["Strongly approve", "Somewhat approve", "Somewhat disapprove", "Strongly disapprove"])
                [3],
            At(-1.0)
        );
        assert_eq!(
            places(&[
                "Greatly increase",
                "Slightly increase",
                "Maintain",
                "Slightly decrease",
                "Greatly decrease"
            ])[2],
            At(0.0)
        );
        assert_eq!(
            places(&["Very important", "Somewhat important", "Not too important", "Not at all important"])[3],
            At(-1.0)
        );
        assert_eq!(places(&["1", "2", "3", "4", "5"])[4], At(1.0));
        assert_eq!(
            places(&["Gotten much better", "Stayed about the same", "Gotten much worse"]),
            [At(1.0), At(0.0), At(-1.0)]
        );
        assert_eq!(places(&["Should be legal", "Should not be legal"]), [At(1.0), At(-1.0)]);
        assert_eq!(places(&["Excellent", "Good", "Fair", "Poor"])[3], At(-1.0));
        assert_eq!(places(&["Coffee", "Tea"]), [Name, Name]);
        assert_eq!(places(&["Not very much", "Some", "A lot"]), [At(-1.0), At(0.0), At(1.0)]);
        assert_eq!(places(&["Unfavorably", "Neither", "Favorably"]), [At(-1.0), At(0.0), At(1.0)]);
    }

    #[test]
    fn amounts_and_how_often_are_read_as_numbers() {
        let rising = |options: &[&str]| {
            let last = options.len() as f32 - 1.0;
            let even: Vec<Role> =
                (0..options.len()).map(|at| Role::At(at as f32 / last * 2.0 - 1.0)).collect();
            assert_eq!(places(options), even, "{options:?}");
        };
        rising(&["None", "One", "Two", "At least three"]);
        rising(&["Less than $25,000", "$25,000 to $49,999", "$50,000 or more"]);
        rising(&["Under 15 minutes", "15 to 29 minutes", "30 to 44 minutes", "45 minutes or more"]);
        rising(&[
            "Never",
            "Less than once a month",
            "Once a month",
            "A few times a month",
            "Every week",
            "Daily",
        ]);
        rising(&[
            "Never",
            "Once or twice a year",
            "Several times a year",
            "Monthly",
            "Nearly every week",
            "Weekly",
            "More than once a week",
        ]);
        rising(&["0", "1 to 5", "6 to 14", "15 or more"]);
        assert_eq!(places(&["Once", "Pepsi", "Two"])[1], Role::Name);
    }
}
