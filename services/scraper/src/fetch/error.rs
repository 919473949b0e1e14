use std::time::Duration;

/// Why a page was not fetched.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FetchError {
    /// Nobody's money makes us go there.
    #[error("{url} is not fetched: {why}")]
    Refused {
        /// Where.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The site's robots.txt asks not to.
    #[error("the robots.txt of {origin} disallows {url} for {agent}")]
    Robots {
        /// Whose.
        origin: String,
        /// What.
        url: String,
        /// Under which name we asked.
        agent: &'static str,
        /// By which of its lines.
        rule: String,
    },
    /// No robots.txt could be had, and without one a server in trouble is left alone (RFC 9309, section 2.3.1.4).
    #[error("the robots.txt of {origin} cannot be read: {why}")]
    RobotsUnreachable {
        /// Whose.
        origin: String,
        /// What happened.
        why: String,
    },
    /// The host was asked often enough.
    #[error("{host} is not asked more often than it is now")]
    HostBusy {
        /// Which.
        host: String,
        /// When to come again.
        retry_after: Duration,
    },
    /// The name has no address.
    #[error("{name} has no address: {why}")]
    Name {
        /// Which.
        name: String,
        /// What the resolver says.
        why: String,
    },
    /// The resolver cannot be set up.
    #[error("no name server: {0}")]
    Resolver(String),
    /// Nobody accepts the connection.
    #[error("no connection to {host}: {why}")]
    Connect {
        /// To whom.
        host: String,
        /// What the system says.
        why: String,
    },
    /// The server is not who it says, or does not speak TLS.
    #[error("no TLS with {host}: {why}")]
    Tls {
        /// With whom.
        host: String,
        /// What is wrong.
        why: String,
    },
    /// What came is not HTTP, or broke off.
    #[error("{host} does not answer in HTTP: {why}")]
    Http {
        /// Who.
        host: String,
        /// What is wrong.
        why: String,
    },
    /// The head of the answer has no end.
    #[error("the head of the answer is larger than {limit} bytes")]
    HeadTooLarge {
        /// The cap.
        limit: usize,
    },
    /// The body is more than we take.
    #[error("the body is larger than {limit} bytes")]
    BodyTooLarge {
        /// The cap.
        limit: usize,
    },
    /// The body drips.
    #[error("the body comes slower than {minimum} bytes a second")]
    TooSlow {
        /// The least.
        minimum: usize,
    },
    /// Time is up.
    #[error("no whole answer within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// A redirect too many.
    #[error("more than {0} redirects")]
    Redirects(usize),
    /// A redirect to nowhere.
    #[error("a redirect of {url} leads nowhere: {why}")]
    BadRedirect {
        /// From where.
        url: String,
        /// What is wrong.
        why: String,
    },
}
