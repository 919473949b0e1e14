//! What goes between the service and a worker: two lengths, a JSON message, and the bytes that it is about.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The most that either side believes the other: a worker may have been taken over by a page.
const MAX_BYTES: usize = 256 << 20;

fn head(message: &[u8], bytes: &[u8]) -> io::Result<[u8; 8]> {
    let length = |part: &[u8]| u32::try_from(part.len()).map_err(io::Error::other);
    let mut head = [0; 8];
    head[..4].copy_from_slice(&length(message)?.to_be_bytes());
    head[4..].copy_from_slice(&length(bytes)?.to_be_bytes());
    Ok(head)
}

fn lengths(head: [u8; 8]) -> io::Result<(usize, usize)> {
    let [a, b, c, d, e, f, g, h] = head;
    let lengths = [[a, b, c, d], [e, f, g, h]].map(|part| u32::from_be_bytes(part) as usize);
    if lengths.iter().sum::<usize>() > MAX_BYTES {
        return Err(io::Error::other("the message is too long"));
    }
    Ok((lengths[0], lengths[1]))
}

/// Reads a message, or its absence.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<(T, Vec<u8>)>> {
    let mut head = [0; 8];
    match from.read_exact(&mut head) {
        Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let (message, bytes) = lengths(head)?;
    let (mut message, mut bytes) = (vec![0; message], vec![0; bytes]);
    from.read_exact(&mut message)?;
    from.read_exact(&mut bytes)?;
    Ok(Some((serde_json::from_slice(&message)?, bytes)))
}

/// Writes a message.
pub(super) fn write(to: &mut impl Write, message: &impl Serialize, bytes: &[u8]) -> io::Result<()> {
    let message = serde_json::to_vec(message)?;
    to.write_all(&head(&message, bytes)?)?;
    to.write_all(&message)?;
    to.write_all(bytes)?;
    to.flush()
}

/// [`read`], without blocking. The absence of a message is an error.
pub(super) async fn receive<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
) -> io::Result<(T, Vec<u8>)> {
    let mut head = [0; 8];
    from.read_exact(&mut head).await?;
    let (message, bytes) = lengths(head)?;
    let (mut message, mut bytes) = (vec![0; message], vec![0; bytes]);
    from.read_exact(&mut message).await?;
    from.read_exact(&mut bytes).await?;
    Ok((serde_json::from_slice(&message)?, bytes))
}

/// [`write`], without blocking.
pub(super) async fn send(
    to: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
    bytes: &[u8],
) -> io::Result<()> {
    let message = serde_json::to_vec(message)?;
    to.write_all(&head(&message, bytes)?).await?;
    to.write_all(&message).await?;
    to.write_all(bytes).await?;
    to.flush().await
}
