use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc};

use super::{
    call::{Calls, edit_answers},
    door::Order,
    message::{Answer, NoAnswer, Request},
    server::Server,
};
use crate::{Counts, Fault, Faults, faults::Plan};

/// Takes requests and gives answers.
pub(crate) struct Exchange {
    pub(super) server: Server,
    /// Told whenever an answer was given.
    pub(super) answered: Notify,
    /// Held by whoever holds an answer back: one at a time.
    pub(super) holding: AsyncMutex<()>,
    pub(super) orders: mpsc::UnboundedSender<Order>,
    memory: Mutex<Memory>,
}

struct Memory {
    plan: Plan,
    counts: Counts,
    /// The last answer to each question, while there is a rule that repeats them.
    answers: HashMap<Question, Answer>,
}

/// What makes two requests the same.
#[derive(PartialEq, Eq, Hash)]
struct Question {
    target: String,
    body: Bytes,
}

/// How many answers are remembered.
const REMEMBERED: usize = 1024;

impl Exchange {
    pub(crate) fn new(server: Server, faults: Faults, orders: mpsc::UnboundedSender<Order>) -> Self {
        let memory = Memory { plan: Plan::new(faults), counts: Counts::default(), answers: HashMap::new() };
        Self {
            server,
            answered: Notify::new(),
            holding: AsyncMutex::new(()),
            orders,
            memory: Mutex::new(memory),
        }
    }

    pub(crate) fn set(&self, faults: Faults) {
        let mut memory = self.memory();
        memory.plan = Plan::new(faults);
        memory.answers.clear();
    }

    pub(crate) fn counts(&self) -> Counts {
        self.memory().counts.clone()
    }

    /// Answers a request, or closes its connection.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<Full<Bytes>>, NoAnswer> {
        let request = Request::read(request).await?;
        let answer = match self.judge(&request) {
            Some(fault) => self.inflict(fault, &request).await?,
            None => self.forward(&request).await?,
        };
        // Whoever waits for this runs after this task has written the answer: the runtime has one thread.
        self.answered.notify_waiters();
        Ok(answer.into())
    }

    /// What the server says.
    pub(super) async fn forward(&self, request: &Request) -> Result<Answer, NoAnswer> {
        self.memory().counts.forwarded += 1;
        let answer = self.server.answer(request).await?;
        let mut memory = self.memory();
        if memory.plan.replays() {
            if memory.answers.len() >= REMEMBERED {
                memory.answers.clear();
            }
            memory.answers.insert(Question::of(request), answer.clone());
        }
        Ok(answer)
    }

    /// What the server said the last time.
    pub(super) fn remembered(&self, request: &Request) -> Option<Answer> {
        let answer = self.memory().answers.get(&Question::of(request)).cloned()?;
        match &request.calls {
            Calls::None => Some(answer),
            Calls::Batch(_) => None,
            Calls::Single(call) => {
                let body = edit_answers(&answer.body, |answers| {
                    let ids = answers.iter_mut().filter_map(|answer| answer.get_mut("id"));
                    ids.for_each(|id| *id = call["id"].clone());
                });
                Some(answer.saying(body))
            }
        }
    }

    fn judge(&self, request: &Request) -> Option<Fault> {
        let mut memory = self.memory();
        memory.counts.requests += 1;
        let fault = memory.plan.next(request.uri.path(), &request.calls.methods())?;
        *memory.counts.faults.entry(fault).or_default() += 1;
        Some(fault)
    }

    /// Nothing can panic while it is held.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Question {
    fn of(request: &Request) -> Self {
        let mut calls = request.calls.clone();
        calls.as_mut_slice().iter_mut().for_each(|call| call["id"] = Value::Null);
        let body = if calls.as_slice().is_empty() { request.body.clone() } else { calls.to_bytes() };
        Self { target: format!("{} {}", request.method, request.uri), body }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive() // the URL of the server may carry a secret
    }
}
