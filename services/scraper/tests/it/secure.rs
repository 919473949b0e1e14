//! Sites behind TLS: what no certificate authority vouches for is not fetched.

use std::{fs, net::Ipv4Addr, sync::Arc};

use http_body_util::Full;
use hyper::{Response, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

use crate::{market::Market, names::Names, site::article};

/// The name that certificates are for.
const NAME: &str = "site.test";

/// A site that speaks HTTP/2 over TLS and nothing else, until its test ends.
struct Secure {
    port: u16,
    task: JoinHandle<()>,
}

impl Secure {
    async fn open(certificate: &Certificate, key: &KeyPair) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_no_client_auth();
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let mut config =
            config.with_single_cert(vec![certificate.der().clone()], key).expect("a certificate");
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that refuses the certificate hangs up.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let serve = service_fn(async |_| {
                        let answer = Response::builder().header("content-type", "text/html");
                        answer.body(Full::new(bytes::Bytes::from(article())))
                    });
                    let connection = http2::Builder::new(TokioExecutor::new());
                    let _ = connection.serve_connection(TokioIo::new(stream), serve).await;
                });
            }
        });
        Self { port, task }
    }

    fn origin(&self, name: &str) -> String {
        format!("{name}:{}", self.port)
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

/// For a name, valid long enough.
fn params(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).expect("a name")
}

#[tokio::test]
async fn what_no_authority_vouches_for_is_refused_and_the_rest_comes_over_http_2() {
    let (authority_key, leaf) = (key(), key());
    let mut authority = params("authority.test");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let trusted = authority.self_signed(&authority_key).expect("signed").pem();
    let issuer = Issuer::new(authority, authority_key);
    let folder = tempfile::tempdir().expect("a folder");
    let roots = folder.path().join("roots.pem");
    fs::write(&roots, trusted).expect("written");

    let mut expired = params(NAME);
    expired.not_before = date_time_ymd(2019, 1, 1);
    expired.not_after = date_time_ymd(2020, 1, 1);
    let signed = |params: CertificateParams| params.signed_by(&leaf, &issuer).expect("signed");
    let good = Secure::open(&signed(params(NAME)), &leaf).await;
    let expired = Secure::open(&signed(expired), &leaf).await;
    let alone = Secure::open(&params(NAME).self_signed(&leaf).expect("signed"), &leaf).await;

    let names =
        Names::open(&[(NAME, &[&[Ipv4Addr::LOCALHOST]]), ("other.test", &[&[Ipv4Addr::LOCALHOST]])]).await;
    let bad = [good.origin("other.test"), expired.origin(NAME), alone.origin(NAME)];
    let market = Market::open(|program| {
        program
            .env("SCRAPER_ALLOW_ORIGINS", &format!("{},{}", good.origin(NAME), bad.join(",")))
            .env("SCRAPER_NAMESERVER", &names.address.to_string())
            .env("SSL_CERT_FILE", &roots.to_string_lossy())
            .env("SCRAPER_BROWSER", "/nonexistent")
    })
    .await;
    for origin in bad {
        let found = market.refusal(&format!("https://{origin}/")).await;
        assert_eq!(found, (502, "tls".to_owned()), "{origin}");
    }
    assert_eq!(market.earned().await, 0);
    let (status, answer) = market.scrape(&format!("https://{}/", good.origin(NAME)), json!({})).await;
    assert_eq!(status, 200, "{answer}");
    let peer = &answer["provenance"]["peer"];
    assert_eq!((&peer["tls"], &peer["http"]), (&json!("TLSv1.3"), &json!("HTTP/2")), "{peer}");
}
