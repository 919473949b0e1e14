//! One paid call: challenge, sign, pay, and again until there is an answer.

use std::{
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};
use x402::Usdc;
use x402_buyer::{Challenge, Offer, Policy, Request, Terms, Wallet};

use super::{
    channels::Channels,
    http::{Http, Prepared},
    server_timing,
    signing::{Ready, SigningPool},
    turns::Turns,
    verdict::{PAUSE, Verdict, judge},
};
use crate::{
    plan::{ChallengeMode, Flow, Plan, Scheme, Target},
    sample::{Answer, Call, Claimed, Drawn, Payment, Phases},
};

/// Everything that a call needs, shared by all.
pub(crate) struct Caller {
    pub(crate) http: Http,
    pub(crate) goals: Vec<Goal>,
    pool: SigningPool,
    buyers: Vec<Wallet>,
    policy: Policy,
    patience: Duration,
    challenge: ChallengeMode,
    channels: Option<Channels>,
    /// What may still be signed for, in atomic units.
    left: AtomicU64,
    epoch: Instant,
}

/// A target, ready to be asked.
pub(crate) struct Goal {
    request: Request,
    pub(crate) prepared: Prepared,
    pub(crate) scheme: Scheme,
    flow: Option<Flow>,
    offer: RwLock<Option<Arc<Offer>>>,
    turns: Turns,
}

/// Why a call ends early.
type End = Answer;

impl Caller {
    pub(crate) fn new(
        plan: &Plan,
        buyers: Vec<Wallet>,
        http: Http,
        pool: SigningPool,
        epoch: Instant,
    ) -> Self {
        Self {
            http,
            pool,
            goals: plan.targets.iter().map(|target| Goal::new(target, buyers.len())).collect(),
            buyers,
            policy: policy(plan),
            patience: plan.patience,
            challenge: plan.challenge,
            channels: None,
            left: AtomicU64::new(plan.budget.atomic()),
            epoch,
        }
    }

    /// The same, with channels to pay from.
    pub(crate) fn paying_from(self, channels: Channels) -> Self {
        Self { channels: Some(channels), ..self }
    }

    /// The channels, where the plan pays from any.
    pub(crate) const fn channels(&self) -> Option<&Channels> {
        self.channels.as_ref()
    }

    /// Whether the cheapest thing can no longer be paid for.
    pub(crate) fn is_spent(&self, cheapest: u64) -> bool {
        self.left.load(Ordering::Relaxed) < cheapest
    }

    /// Makes one call. It does not fail: what goes wrong is its answer.
    pub(crate) async fn call(&self, target: usize, intended: Duration) -> Call {
        let started = self.epoch.elapsed();
        let mut call = Call {
            target,
            intended,
            started,
            ended: started,
            phases: Phases::default(),
            payment: None,
            drawn: None,
            answer: Answer::Served,
            sendings: 0,
        };
        let goal = &self.goals[target];
        let turn = goal.turns.take();
        let buyer = turn.buyer;
        let bought = match (goal.scheme, &self.channels) {
            (Scheme::BatchSettlement, Some(channels)) => {
                self.draw(channels, goal, (target, buyer), &mut call).await
            }
            _ => self.buy(goal, buyer, &mut call).await,
        };
        if let Err(end) = bought {
            call.answer = end;
        }
        call.ended = self.epoch.elapsed();
        call
    }

    async fn buy(&self, goal: &Goal, buyer: usize, call: &mut Call) -> Result<(), End> {
        let began = Instant::now();
        let offer = match (goal.scheme, self.challenge, goal.remembered()) {
            (Scheme::Exact, ChallengeMode::Once, Some(offer)) => offer,
            _ => {
                let offer = self.ask(goal).await;
                call.phases.challenge = Some(began.elapsed());
                offer?
            }
        };
        if goal.scheme == Scheme::None {
            return Ok(());
        }
        self.take(offer.requirements.amount)?;
        let began = Instant::now();
        let wallet = self.buyers[buyer].clone();
        let signed = self.pool.sign(wallet, offer, goal.prepared.hash).await;
        call.phases.sign = Some(began.elapsed());
        let ready = signed
            .ok_or_else(|| Answer::Refused("signing thread gone".to_owned()))?
            .map_err(|error| Answer::Refused(error.to_string()))?;
        match self.deliver(goal, &ready, call).await {
            Answer::Served => Ok(()),
            refused => {
                goal.forget();
                Err(refused)
            }
        }
    }

    /// Pays from a channel. The buyer's own client keeps the offer, signs and sends again: those times are not told apart.
    async fn draw(
        &self,
        channels: &Channels,
        goal: &Goal,
        (target, buyer): (usize, usize),
        call: &mut Call,
    ) -> Result<(), End> {
        let price = channels.price(target);
        self.take(price)?;
        call.sendings = 1;
        let sent = self.epoch.elapsed();
        let answer = channels.send(target, buyer, &goal.request).await?;
        call.phases.told = server_timing::read(&answer.headers);
        let (channel, base, charged) = (answer.channel.id, answer.base, answer.charged);
        call.drawn = Some(Drawn { channel, base, charged, signed: price, sent });
        Ok(())
    }

    /// The offer that is paid, as it stands now.
    pub(crate) async fn ask(&self, goal: &Goal) -> Result<Arc<Offer>, End> {
        let refused = |why: String| Answer::Refused(why);
        let answer = self.http.send(&goal.prepared, None).await.map_err(Answer::Unclear)?;
        if answer.status != reqwest::StatusCode::PAYMENT_REQUIRED {
            return Err(refused(format!("{} where 402 was expected", answer.status.as_u16())));
        }
        let mut challenge =
            Challenge::read(&answer.headers, &answer.body).map_err(|error| refused(error.to_string()))?;
        if let Some(flow) = goal.flow {
            challenge.accepts.retain(|offer| flow_of(offer) == flow);
        }
        let scheme = goal.scheme.offered();
        let offer = self.policy.choose_scheme(challenge, &goal.prepared.host, &Terms::default(), scheme);
        let offer = Arc::new(offer.map_err(|error| refused(error.to_string()))?);
        if self.challenge == ChallengeMode::Once {
            goal.remember(&offer);
        }
        Ok(offer)
    }

    /// Takes a price from the budget; a signature that could overrun it is never made.
    fn take(&self, price: Usdc) -> Result<(), End> {
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(price.atomic()));
        taken.map(drop).map_err(|_| Answer::Refused("budget used up".to_owned()))
    }

    async fn deliver(&self, goal: &Goal, ready: &Ready, call: &mut Call) -> Answer {
        let Ready { payment, header } = ready;
        let sent = self.epoch.elapsed();
        let give_up = Instant::now() + self.patience;
        loop {
            call.sendings += 1;
            let answer = self.http.send(&goal.prepared, Some(header)).await;
            let (verdict, claimed) = match &answer {
                Ok(answer) => judge(answer),
                Err(heard) => (Verdict::Again { pause: PAUSE, heard: heard.clone() }, Claimed::Nothing),
            };
            call.phases.told = answer.map(|answer| server_timing::read(&answer.headers)).unwrap_or_default();
            let (authorization, id) = (payment.authorization, payment.id);
            call.payment = Some(Payment { authorization, id, sent, claimed });
            match verdict {
                Verdict::Done(answer) => return answer,
                Verdict::Again { pause, .. } if Instant::now() + pause < give_up => sleep(pause).await,
                Verdict::Again { heard, .. } => return Answer::Unclear(heard),
            }
        }
    }
}

impl Goal {
    fn new(target: &Target, buyers: usize) -> Self {
        let prepared = Prepared::new(&target.request);
        let request = target.request.clone();
        Self {
            request,
            prepared,
            scheme: target.scheme,
            flow: target.flow,
            offer: RwLock::new(None),
            turns: Turns::of(buyers),
        }
    }

    fn remembered(&self) -> Option<Arc<Offer>> {
        self.offer.read().ok()?.clone()
    }

    fn remember(&self, offer: &Arc<Offer>) {
        if let Ok(mut remembered) = self.offer.write() {
            *remembered = Some(offer.clone());
        }
    }

    fn forget(&self) {
        if let Ok(mut remembered) = self.offer.write() {
            *remembered = None;
        }
    }
}

/// What the order of work and settlement is: `authorize` where nothing is said.
fn flow_of(offer: &x402::PaymentRequirements) -> Flow {
    let said = offer.extra.as_ref().and_then(|extra| extra.get("paymentFlow")?.as_str());
    if said == Some("upfront") { Flow::Upfront } else { Flow::Authorize }
}

fn policy(plan: &Plan) -> Policy {
    Policy::new(plan.deployment.network())
}
