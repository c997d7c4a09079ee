//! A scripted operator: looks at what the simulated printers really did and answers through the paired API, as a
//! person beside the printers would.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    http::{Http, Refused, text},
};

/// What the operator did, for the record.
#[derive(Debug, Clone, Default)]
pub struct Diary {
    /// Beds said to be clear without a count.
    pub beds_cleared: u32,
    /// Plates signed off as good.
    pub signed_off: u32,
    /// Unknowns decided.
    pub decided: u32,
    /// "Print again?" answered with yes.
    pub printed_again: u32,
}

/// The operator and the simulated printers that they can look at.
#[derive(Debug)]
pub struct Operator {
    /// Control endpoints of the simulated printers, by the agent's name for them.
    printers: BTreeMap<String, Http>,
    /// What was done.
    pub diary: Diary,
    /// Prints each action as it happens.
    pub speaks: bool,
}

impl Operator {
    /// An operator beside these printers.
    #[must_use]
    pub fn new(printers: BTreeMap<String, Http>) -> Self {
        Self { printers, diary: Diary::default(), speaks: false }
    }

    /// Says once what is loaded and that the models are right.
    ///
    /// # Errors
    /// The agent refuses.
    pub async fn set_up(&mut self, api: &Http) -> anyhow::Result<()> {
        let printers: Vec<String> = self.printers.keys().cloned().collect();
        for id in printers {
            let seen = self.seen(api, &id).await?;
            api.post(&format!("/api/v1/printers/{id}/material"), &json!({ "material": "PLA", "seen": seen })).await?;
            let seen = self.seen(api, &id).await?;
            api.post(&format!("/api/v1/printers/{id}/confirm-profile"), &json!({ "seen": seen })).await?;
        }
        Ok(())
    }

    async fn seen(&self, api: &Http, id: &str) -> anyhow::Result<u64> {
        let state = api.get("/api/v1/state").await?;
        let printer = each(&state, "/printers").find(|p| p.get("id").and_then(Value::as_str) == Some(id));
        Ok(printer.and_then(|p| p.get("seen")?.as_u64()).unwrap_or_default())
    }

    /// One round: every Unknown decided by what lies on the bed, every finished plate counted, every other bed cleared.
    /// A page that was older than the floor is looked at again in the next round.
    ///
    /// # Errors
    /// The agent does not answer, or refuses for another reason than an old page.
    pub async fn round(&mut self, api: &Http) -> anyhow::Result<()> {
        let state = api.get("/api/v1/state").await?;
        for attempt in each(&state, "/attempts") {
            let done = if attempt.get("state").and_then(Value::as_str) == Some("Unknown") {
                self.decide(api, attempt).await
            } else {
                self.count(api, attempt).await
            };
            forgive_old_pages(done)?;
        }
        for printer in each(&state, "/printers") {
            let done = self.clear(api, printer).await;
            forgive_old_pages(done)?;
        }
        Ok(())
    }

    /// What a simulated printer really did since its bed was last empty.
    async fn really(&self, id: &str) -> anyhow::Result<Value> {
        let printer = self.printers.get(id).ok_or_else(|| anyhow::anyhow!("no printer {id} beside the operator"))?;
        printer.get("/__control/state").await
    }

    async fn empty(&self, id: &str) -> anyhow::Result<()> {
        if let Some(printer) = self.printers.get(id) {
            printer.post("/__control/clear-bed", &json!({})).await?;
        }
        Ok(())
    }

    async fn decide(&mut self, api: &Http, attempt: &Value) -> anyhow::Result<()> {
        let (no, printer) = (text(attempt, "/attempt")?, text(attempt, "/printer")?);
        let really = self.really(printer).await?;
        let is_moving = really.get("is_moving").and_then(Value::as_bool).unwrap_or(false);
        if is_moving {
            return Ok(()); // Nobody takes a plate off a moving printer.
        }
        let is_empty = !really.get("bed_occupied").and_then(Value::as_bool).unwrap_or(false);
        let answer = if is_empty { "did-not-start" } else { "plastic-only" };
        let body = json!({ "answer": answer, "reason": "looked at the bed", "seen": attempt.get("seen") });
        api.post(&format!("/api/v1/attempts/{no}/decide"), &body).await?;
        self.diary.decided += 1;
        self.say(&format!("{printer}: decided {answer}"));
        Ok(())
    }

    async fn count(&mut self, api: &Http, attempt: &Value) -> anyhow::Result<()> {
        let (no, printer) = (text(attempt, "/attempt")?, text(attempt, "/printer")?);
        let is_good = text(attempt, "/state")? == "Finished";
        let units: Vec<_> = each(attempt, "/units").filter_map(|u| u.get("id")).collect();
        let scrap: Vec<_> = if is_good { vec![] } else { units.iter().map(|u| json!({ "unit": u, "reason": "not whole" })).collect() };
        self.empty(printer).await?;
        let body = json!({ "scrap": scrap, "bed_is_clear": true, "seen": attempt.get("seen") });
        let answer = api.post(&format!("/api/v1/attempts/{no}/sign-off"), &body).await?;
        self.diary.signed_off += u32::from(is_good);
        let label = attempt.get("label").and_then(Value::as_str).unwrap_or("a plate");
        self.say(&format!("{printer}: {label} signed off as {}, bed clear", if is_good { "good" } else { "scrap" }));
        if !is_good && answer.get("replaced_by").is_none_or(Value::is_null) {
            let job = text(attempt, "/job")?;
            api.post(&format!("/api/v1/jobs/{job}/replace"), &json!({})).await?;
            self.diary.printed_again += 1;
        }
        Ok(())
    }

    async fn clear(&mut self, api: &Http, printer: &Value) -> anyhow::Result<()> {
        let id = text(printer, "/id")?;
        let Some(cause) = printer.pointer("/bed/cause").and_then(Value::as_str) else { return Ok(()) };
        let is_busy = printer.get("attempt").is_some_and(|a| !a.is_null());
        if is_busy {
            return Ok(());
        }
        self.empty(id).await?;
        let body = json!({ "cause": cause, "seen": printer.get("seen") });
        api.post(&format!("/api/v1/printers/{id}/bed-clear"), &body).await?;
        self.diary.beds_cleared += 1;
        self.say(&format!("{id}: bed clear"));
        Ok(())
    }

    #[expect(clippy::print_stdout, reason = "the demonstration shows what the operator does")]
    fn say(&self, words: &str) {
        if self.speaks {
            println!("  operator    {words}");
        }
    }
}

/// The entries of a list; none where there is no list.
pub fn each<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// 409 means that the floor moved on: the next round looks again.
fn forgive_old_pages(done: anyhow::Result<()>) -> anyhow::Result<()> {
    match done {
        Err(error) if error.downcast_ref::<Refused>().is_some_and(|r| r.status == 409) => Ok(()),
        other => other,
    }
}
