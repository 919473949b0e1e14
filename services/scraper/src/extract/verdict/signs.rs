//! The signs, one function a verdict.

use http::StatusCode;

use super::{Answer, Judgement, Verdict, phrases, seen::Seen};

/// A header that only a challenge carries.
pub(super) fn challenge(answer: &Answer<'_>) -> Option<Judgement> {
    let value =
        |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let found =
        |name: &str| Some(Judgement::new(Verdict::Captcha, "header", format!("{name}: {}", value(name))));
    if value("cf-mitigated") == "challenge" {
        return found("cf-mitigated");
    }
    if matches!(value("x-amzn-waf-action"), "captcha" | "challenge") {
        return found("x-amzn-waf-action");
    }
    (answer.status.is_client_error() && value("x-datadome") == "protected")
        .then(|| found("x-datadome"))
        .flatten()
}

/// A page that asks whether a person is there, and has nothing else.
pub(super) fn captcha(answer: &Answer<'_>, page: &Seen) -> Option<Judgement> {
    let refused = answer.status.is_client_error() || answer.status == StatusCode::SERVICE_UNAVAILABLE;
    if !page.is_brief(if refused { 250 } else { 80 }) || page.asks_password {
        return None;
    }
    let says = phrase(page, phrases::CAPTCHA);
    let loads = phrases::CAPTCHA_SOURCES.iter().find(|source| page.sources.contains(**source));
    match (says, loads) {
        (Some(words), _) if refused || loads.is_some() || page.is_brief(60) => {
            Some(Judgement::new(Verdict::Captcha, "words", words))
        }
        (_, Some(source)) if refused || page.words < 12 => {
            Some(Judgement::new(Verdict::Captcha, "loads", *source))
        }
        _ => None,
    }
}

/// What the status alone says.
pub(super) fn status(answer: &Answer<'_>) -> Option<Judgement> {
    let verdict = match answer.status.as_u16() {
        200..=203 | 206..=299 => return None,
        204 | 205 => Verdict::Empty,
        401 | 407 => Verdict::Login,
        402 | 403 | 451 => Verdict::Wall,
        _ => Verdict::Error,
    };
    Some(Judgement::new(verdict, "status", answer.status.as_str()))
}

pub(super) fn parking(answer: &Answer<'_>, page: &Seen) -> Option<Judgement> {
    if let Some(source) = phrases::PARKING_SOURCES
        .iter()
        .find(|source| page.sources.contains(**source))
        .filter(|_| page.is_brief(200))
    {
        return Some(Judgement::new(Verdict::Parking, "loads", *source));
    }
    let words = phrase(page, phrases::PARKING)?;
    let at_root = answer.url.path().len() <= 1;
    let named = page.names().any(|name| name.contains(words));
    let weak =
        matches!(words, "related searches" | "the domain owner" | "account suspended" | "test page for the");
    let alone = page.is_brief(if weak { 60 } else { 120 });
    (alone && (named || at_root || page.is_brief(60)))
        .then(|| Judgement::new(Verdict::Parking, "words", words))
}

pub(super) fn consent(answer: &Answer<'_>, page: &Seen) -> Option<Judgement> {
    let host = answer.url.host_str().unwrap_or_default();
    if host.starts_with("consent.") || host.starts_with("guce.") {
        return Some(Judgement::new(Verdict::Consent, "host", host));
    }
    let words = phrase(page, phrases::CONSENT)?;
    let accepts = phrase(page, phrases::ACCEPT)?;
    let named = page.names().any(|name| name.contains(words));
    let alone = page.words < 350 && (named || page.text.find(words).is_some_and(|at| at < 200));
    alone.then(|| Judgement::new(Verdict::Consent, "words", format!("{words} ... {accepts}")))
}

pub(super) fn login(answer: &Answer<'_>, page: &Seen) -> Option<Judgement> {
    let path = answer.url.path().to_ascii_lowercase();
    let place = path.split('/').any(|part| {
        matches!(
            part.split('.').next(),
            Some(
                "login"
                    | "signin"
                    | "sign-in"
                    | "log-in"
                    | "sso"
                    | "oauth"
                    | "auth"
                    | "users_sign_in"
                    | "accounts"
            )
        )
    });
    let named = page
        .names()
        .find(|name| phrases::LOGIN.iter().any(|words| name.starts_with(words) || name.ends_with(words)));
    let greets = page.content_words < 40
        && ["log in to", "sign in to"].iter().any(|words| page.text.find(words).is_some_and(|at| at < 120));
    let asked = page.asks_password && page.is_brief(120) && (place || named.is_some() || greets);
    let must = page
        .is_brief(60)
        .then(|| {
            phrase(
                page,
                &[
                    "you must be logged in",
                    "please log in",
                    "please sign in",
                    "log in to continue",
                    "sign in to continue",
                ],
            )
        })
        .flatten();
    match (asked, must) {
        (true, _) => Some(Judgement::new(Verdict::Login, "password_field", named.unwrap_or(path.as_str()))),
        (_, Some(words)) => Some(Judgement::new(Verdict::Login, "words", words)),
        _ => None,
    }
}

pub(super) fn soft_404(_: &Answer<'_>, page: &Seen) -> Option<Judgement> {
    let names =
        |words: &&&str| page.names().any(|name| name.contains(**words) && name.split(' ').count() <= 12);
    if let Some(words) = phrases::NOT_FOUND.iter().find(names).filter(|_| page.is_brief(150)) {
        return Some(Judgement::new(Verdict::Soft404, "title", *words));
    }
    let bare = |name: &str| {
        name == "404" || name.starts_with("404 ") || name.ends_with(" 404") || name.starts_with("404:")
    };
    if page.names().any(bare) && page.is_brief(150) {
        return Some(Judgement::new(Verdict::Soft404, "title", "404"));
    }
    let words = phrase(page, &phrases::NOT_FOUND[..26])?;
    page.is_brief(40).then(|| Judgement::new(Verdict::Soft404, "words", words))
}

pub(super) fn wall(_: &Answer<'_>, page: &Seen) -> Option<Judgement> {
    let words = phrase(page, phrases::WALL);
    let paywall = phrase(page, phrases::PAYWALL);
    if page.declares_paywall && page.is_brief(300) && (paywall.is_some() || words.is_some()) {
        return Some(Judgement::new(Verdict::Wall, "declared", "isAccessibleForFree: false"));
    }
    if let Some(words) = paywall.filter(|_| page.is_brief(200)) {
        return Some(Judgement::new(Verdict::Wall, "words", words));
    }
    words.filter(|_| page.is_brief(80)).map(|words| Judgement::new(Verdict::Wall, "words", words))
}

pub(super) fn empty(_: &Answer<'_>, page: &Seen) -> Option<Judgement> {
    if page.words == 0 {
        return Some(Judgement::new(Verdict::Empty, "no_text", ""));
    }
    if page.words < 20 && page.is_shell {
        return Some(Judgement::new(Verdict::Empty, "shell", page.title.clone()));
    }
    let needs = phrases::NEEDS_SCRIPTS
        .iter()
        .find(|words| page.noscript.contains(**words) || page.text.contains(**words));
    needs
        .filter(|_| page.prose < 20 && page.words < 30)
        .map(|words| Judgement::new(Verdict::Empty, "needs_scripts", *words))
}

/// The first of the phrases that the page says.
fn phrase<'p>(page: &Seen, phrases: &[&'p str]) -> Option<&'p str> {
    phrases.iter().find(|words| page.text.contains(**words) || page.title.contains(**words)).copied()
}
