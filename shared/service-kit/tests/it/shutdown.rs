use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::{
    offline,
    support::{PATIENCE, Running},
};

const BODY: &str = "[20, 22]";

/// A request that the service has begun to read, and that is not whole yet.
fn half_a_request(running: &Running) -> TcpStream {
    let address = running.public.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let head = format!(
        "POST /sum HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        BODY.len()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).expect("the service asks for the body");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

/// Until new customers are turned away.
fn wait_until_closed(running: &Running) {
    let address = running.public.trim_start_matches("http://").to_owned();
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect(&address).is_ok() {
        assert!(Instant::now() < end, "it still accepts connections");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test]
async fn a_request_that_has_begun_is_answered_before_the_process_ends() {
    let mut running = offline().start();
    let mut stream = half_a_request(&running);
    running.signal("TERM");
    wait_until_closed(&running);
    let report = running.until_ready(503).await;
    assert_eq!(report["checks"]["process"]["detail"], "stopping");

    stream.write_all(BODY.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer, and the end of the connection");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\n42"), "{answer}");
    assert!(running.wait().success());
}

#[tokio::test]
async fn the_grace_ends() {
    let mut running = offline().arg("--shutdown-grace=0").start();
    let _stream = half_a_request(&running);
    running.signal("INT");
    assert!(running.wait().success());
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let mut running = offline().start();
    let _stream = half_a_request(&running);
    running.signal("TERM");
    wait_until_closed(&running);
    running.signal("TERM");
    assert_eq!(running.wait().code(), Some(130));
}

#[tokio::test]
async fn a_background_task_ends_after_the_last_answer_and_before_the_process() {
    let mut running = offline().start();
    let mut stream = half_a_request(&running);
    running.signal("TERM");
    wait_until_closed(&running);
    let farewell = running.folder.path().join("farewell");
    running.until_ready(503).await;
    assert!(!farewell.exists(), "a request still runs");
    stream.write_all(BODY.as_bytes()).expect("sent");
    assert!(running.wait().success());
    assert_eq!(std::fs::read_to_string(farewell).expect("said"), running.public);
}
