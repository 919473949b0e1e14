use std::collections::BTreeMap;

use serde::Deserialize;

use crate::plan::{Scheme, TargetArgs, variant};

/// The services of `deploy/services.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Services {
    /// In the order in which they start.
    #[serde(rename = "service")]
    pub services: Vec<Service>,
}

/// A service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    /// The program's name.
    pub program: String,
    /// Which payee of the local chain it has.
    pub pay_to: Role,
    /// What it needs besides what every service needs. `${NAME}` stands for host and port of a service above.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What customers ask for.
    #[serde(rename = "target")]
    pub targets: Vec<ServiceTarget>,
}

/// A payee of the local chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Account 1.
    Rng,
    /// Account 2.
    Scraper,
    /// Account 3.
    Persona,
}

/// Something that a service sells.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceTarget {
    /// What reports call it.
    pub name: String,
    /// Path and query.
    pub path: String,
    /// `GET` unless set, `POST` where there is a body.
    pub method: Option<String>,
    /// The request's body, JSON. `${NAME}` stands for host and port of a service above.
    pub body: Option<String>,
    /// How many calls it gets beside the others.
    pub weight: Option<u32>,
    /// How it is paid; as the plan says unless set.
    #[serde(default, deserialize_with = "variant")]
    pub scheme: Option<Scheme>,
}

impl Services {
    /// Reads a list.
    ///
    /// # Errors
    /// The TOML error, naming the line.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

/// Where the services are that have started, by name.
#[derive(Default)]
pub(super) struct Started(Vec<(String, String)>);

impl Started {
    pub(super) fn add(&mut self, program: &str, origin: &str) {
        let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
        self.0.push((format!("${{{program}}}"), authority.to_owned()));
    }

    /// A text with their names replaced.
    pub(super) fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, authority)| text.replace(name, authority))
    }
}

impl Service {
    /// Whether a target of it is paid from channels.
    pub(super) fn sells_from_channels(&self) -> bool {
        self.targets.iter().any(|target| target.scheme == Some(Scheme::BatchSettlement))
    }

    pub(super) fn targets(&self, origin: &str, started: &Started) -> impl Iterator<Item = TargetArgs> {
        self.targets.iter().map(move |target| TargetArgs {
            url: format!("{origin}{}", target.path),
            name: Some(target.name.clone()),
            method: target.method.clone(),
            body: target.body.as_deref().map(|body| started.fill(body)),
            weight: target.weight,
            scheme: target.scheme,
            ..TargetArgs::default()
        })
    }
}
