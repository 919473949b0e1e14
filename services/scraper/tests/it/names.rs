//! A name server of a test: names to addresses, which may change from one question to the next.

use std::{collections::HashMap, net::Ipv4Addr, net::SocketAddr};

use tokio::net::UdpSocket;

/// A name server that runs until its test ends.
pub(crate) struct Names {
    pub(crate) address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Names {
    /// Answers questions for a name with its addresses in turn, all of an inner list at once.
    pub(crate) async fn open(names: &[(&str, &[&[Ipv4Addr]])]) -> Self {
        let mut names: HashMap<String, Vec<Vec<Ipv4Addr>>> = names
            .iter()
            .map(|(name, turns)| ((*name).to_owned(), turns.iter().rev().map(|turn| turn.to_vec()).collect()))
            .collect();
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let task = tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, asker)) = socket.recv_from(&mut buffer).await {
                let answer = answer(&buffer[..length], &mut names);
                socket.send_to(&answer, asker).await.expect("sent");
            }
        });
        Self { address, task }
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// RFC 1035, section 4: the question again, and an A record for each address, good for no time at all.
fn answer(question: &[u8], names: &mut HashMap<String, Vec<Vec<Ipv4Addr>>>) -> Vec<u8> {
    let (mut name, mut at) = (String::new(), 12);
    while question[at] != 0 {
        let length = usize::from(question[at]);
        name.push_str(&String::from_utf8_lossy(&question[at + 1..=at + length]));
        name.push('.');
        at += length + 1;
    }
    let end = at + 5;
    let is_a = question[at + 1..at + 3] == [0, 1];
    let turns = names.get_mut(name.trim_end_matches('.')).filter(|_| is_a);
    // The last turn stays.
    let addresses = turns.map_or_else(Vec::new, |turns| {
        if turns.len() > 1 { turns.pop().unwrap_or_default() } else { turns[0].clone() }
    });
    let count = u8::try_from(addresses.len()).expect("few");
    let mut answer = [&question[..2], &[0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0], &question[12..end]].concat();
    for address in addresses {
        answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        answer.extend_from_slice(&address.octets());
    }
    answer
}
