use std::{future, time::Duration};

use hyper::{StatusCode, header};
use tokio::time::{sleep, timeout};

use super::{
    call::{Calls, edit_answers},
    door::Order,
    exchange::Exchange,
    message::{Answer, NoAnswer, Request},
    stale,
};
use crate::Fault;

/// Starts like JSON, and is not text.
const GARBAGE: &[u8] = b"{\"jsonrpc\":\"2.0\",\"result\":\xff\xfe\x00";

impl Exchange {
    /// What a fault makes of a request.
    pub(super) async fn inflict(&self, fault: Fault, request: &Request) -> Result<Answer, NoAnswer> {
        let forward = || self.forward(request);
        match fault {
            Fault::Drop => Err(NoAnswer),
            Fault::DropAfter => forward().await.and(Err(NoAnswer)),
            Fault::Delay(time) => {
                let answer = forward().await?;
                sleep(time).await;
                Ok(answer)
            }
            Fault::TooManyRequests { retry_after } => {
                Ok(Answer::of(StatusCode::TOO_MANY_REQUESTS).with(header::RETRY_AFTER, retry_after.into()))
            }
            Fault::BadGateway => forward().await.map(|_| Answer::of(StatusCode::BAD_GATEWAY)),
            Fault::GatewayTimeout => forward().await.map(|_| Answer::of(StatusCode::GATEWAY_TIMEOUT)),
            Fault::Garbage => forward().await.map(|answer| answer.saying(GARBAGE)),
            Fault::Stale { blocks } => self.look_back(request, blocks).await,
            Fault::Swap { patience } => {
                let answer = forward().await?;
                Ok(self.swap(request, answer, patience).await)
            }
            Fault::Twice => {
                let first = forward().await?;
                let _ = forward().await;
                Ok(first)
            }
            Fault::Retry => {
                let _ = forward().await;
                forward().await
            }
            Fault::Replay => match self.remembered(request) {
                Some(answer) => Ok(answer),
                None => forward().await,
            },
            Fault::Gone(time) => {
                forward().await?;
                let _ = self.orders.send(Order::Leave { time: Some(time), done: None });
                future::pending().await // this connection breaks with all others
            }
        }
    }

    async fn look_back(&self, request: &Request, blocks: u64) -> Result<Answer, NoAnswer> {
        if request.calls.as_slice().is_empty() {
            return self.forward(request).await;
        }
        let head = self.server.head().await?.saturating_sub(blocks);
        let answer = self.forward(&request.asking(stale::as_of(&request.calls, head))).await?;
        let body = stale::hide_what_came_later(&answer.body, &request.calls, head);
        Ok(answer.saying(body))
    }

    /// Holds an answer back until another one was given. Where one is held already the next goes first, and so the two
    /// change places.
    async fn swap(&self, request: &Request, answer: Answer, patience: Duration) -> Answer {
        if let Calls::Batch(_) = request.calls {
            let body = edit_answers(&answer.body, <[_]>::reverse);
            return answer.saying(body);
        }
        if let Ok(_holding) = self.holding.try_lock() {
            let _ = timeout(patience, self.answered.notified()).await;
        }
        answer
    }
}
