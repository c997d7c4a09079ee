//! A scripted operator: looks at what the simulated printers really did and answers through the paired API, as a
//! person beside the printers would. An answer that got lost is given again in the next round.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    http::{Http, Refused, text},
    seed::Seed,
};

/// What the operator did, for the record.
#[derive(Debug, Clone, Default)]
pub struct Diary {
    /// Beds said to be clear without a count.
    pub beds_cleared: u32,
    /// Plates signed off as good.
    pub signed_off: u32,
    /// Whole plates that were scrap all the same.
    pub scrapped: u32,
    /// Unknowns decided.
    pub decided: u32,
    /// "Print again?" answered with yes.
    pub printed_again: u32,
    /// Physical starts by job, as seen on the printers between two looks.
    pub starts_of: BTreeMap<String, u64>,
    /// Physical starts that no attempt accounts for.
    pub starts_of_nobody: u64,
}

/// Now and then a whole plate is no good.
#[derive(Debug, Clone)]
struct Scrap {
    seed: Seed,
    /// One of so many.
    one_in: u64,
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
    scrap: Option<Scrap>,
    /// Starts of each printer that were accounted for.
    accounted: BTreeMap<String, u64>,
    /// Whole plates that were looked at, and whether they were good: a second look comes to the same.
    verdicts: BTreeMap<String, bool>,
    /// Jobs of scrapped plates, by attempt, until the answer to "print again?" has arrived.
    to_print_again: BTreeMap<String, String>,
}

impl Operator {
    /// An operator beside these printers.
    #[must_use]
    pub fn new(printers: BTreeMap<String, Http>) -> Self {
        Self {
            printers,
            diary: Diary::default(),
            speaks: false,
            scrap: None,
            accounted: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            to_print_again: BTreeMap::new(),
        }
    }

    /// From now on, one whole plate of `one_in` is scrap.
    pub fn be_strict(&mut self, seed: Seed, one_in: u64) {
        self.scrap = Some(Scrap { seed, one_in });
    }

    /// Says once what is loaded and that the models are right.
    ///
    /// # Errors
    /// The agent refuses.
    pub async fn set_up(&mut self, api: &Http) -> anyhow::Result<()> {
        let printers: Vec<String> = self.printers.keys().cloned().collect();
        for id in printers {
            let seen = self.seen(api, &id).await?;
            api.post(&format!("/api/v1/printers/{id}/material"), &json!({ "material": "PLA", "seen": seen }))
                .await?;
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

    /// One round: every Unknown decided by what lies on the bed, every finished plate counted, every other bed cleared,
    /// every "print again?" answered. A page that was older than the floor is looked at again in the next round.
    ///
    /// # Errors
    /// The agent does not answer, or refuses for another reason than an old page.
    pub async fn round(&mut self, api: &Http) -> anyhow::Result<()> {
        let state = api.get("/api/v1/state").await?;
        let (mut open, mut touched) = (BTreeSet::new(), BTreeSet::new());
        for attempt in each(&state, "/attempts") {
            open.insert(text(attempt, "/attempt")?.to_owned());
            touched.insert(text(attempt, "/printer")?);
            let done = if attempt.get("state").and_then(Value::as_str) == Some("Unknown") {
                self.decide(api, attempt).await
            } else {
                self.count(api, attempt).await
            };
            forgive_old_pages(done)?;
        }
        for printer in each(&state, "/printers") {
            if touched.contains(text(printer, "/id")?) {
                continue; // What was read of it is old by now, and the next job may be on its bed.
            }
            let done = self.clear(api, printer).await;
            forgive_old_pages(done)?;
        }
        self.print_again(api, &open).await
    }

    /// What a simulated printer really did since its bed was last empty. Its newest starts are this job's.
    async fn really(&mut self, id: &str, job: Option<&str>) -> anyhow::Result<Value> {
        let printer =
            self.printers.get(id).with_context(|| format!("no printer {id} beside the operator"))?;
        let really = printer.get("/__control/state").await?;
        let starts = really.get("starts").and_then(Value::as_u64).context("starts")?;
        let new = starts - self.accounted.insert(id.to_owned(), starts).unwrap_or(0);
        match job {
            Some(job) => *self.diary.starts_of.entry(job.to_owned()).or_default() += new,
            None => self.diary.starts_of_nobody += new,
        }
        Ok(really)
    }

    async fn empty(&self, id: &str) -> anyhow::Result<()> {
        if let Some(printer) = self.printers.get(id) {
            printer.post("/__control/clear-bed", &json!({})).await?;
        }
        Ok(())
    }

    async fn decide(&mut self, api: &Http, attempt: &Value) -> anyhow::Result<()> {
        let (no, printer) = (text(attempt, "/attempt")?, text(attempt, "/printer")?);
        let really = self.really(printer, Some(text(attempt, "/job")?)).await?;
        if is_at_work(&really) {
            return Ok(()); // Nobody takes a plate off a moving printer.
        }
        let is_empty = !is(&really, "bed_occupied");
        let answer = if is_empty { "did-not-start" } else { "plastic-only" };
        let body = json!({ "answer": answer, "reason": "looked at the bed", "seen": attempt.get("seen") });
        api.post(&format!("/api/v1/attempts/{no}/decide"), &body).await?;
        self.diary.decided += 1;
        self.say(&format!("{printer}: decided {answer}"));
        Ok(())
    }

    async fn count(&mut self, api: &Http, attempt: &Value) -> anyhow::Result<()> {
        let (no, printer, job) =
            (text(attempt, "/attempt")?, text(attempt, "/printer")?, text(attempt, "/job")?);
        self.really(printer, Some(job)).await?;
        let is_good = text(attempt, "/state")? == "Finished" && self.is_good(no);
        let units: Vec<_> = each(attempt, "/units").filter_map(|u| u.get("id")).collect();
        let scrap: Vec<_> = if is_good {
            vec![]
        } else {
            units.iter().map(|u| json!({ "unit": u, "reason": "not whole" })).collect()
        };
        self.empty(printer).await?;
        if !is_good {
            self.to_print_again.insert(no.to_owned(), job.to_owned());
        }
        let body = json!({ "scrap": scrap, "bed_is_clear": true, "seen": attempt.get("seen") });
        let answer = api.post(&format!("/api/v1/attempts/{no}/sign-off"), &body).await?;
        self.diary.signed_off += u32::from(is_good);
        let label = attempt.get("label").and_then(Value::as_str).unwrap_or("a plate");
        self.say(&format!(
            "{printer}: {label} signed off as {}, bed clear",
            if is_good { "good" } else { "scrap" }
        ));
        if answer.get("replaced_by").is_some_and(|by| !by.is_null()) {
            self.to_print_again.remove(no);
        }
        Ok(())
    }

    /// Whether a whole plate is good; the answer for one plate stays the same.
    fn is_good(&mut self, attempt: &str) -> bool {
        let Some(Scrap { seed, one_in }) = &mut self.scrap else { return true };
        if let Some(verdict) = self.verdicts.get(attempt) {
            return *verdict;
        }
        let is_good = seed.below(*one_in) != 0;
        self.verdicts.insert(attempt.to_owned(), is_good);
        self.diary.scrapped += u32::from(!is_good);
        is_good
    }

    /// Answers "print again?" with yes where scrap was counted and nothing replaces it yet.
    async fn print_again(&mut self, api: &Http, open: &BTreeSet<String>) -> anyhow::Result<()> {
        let counted = self.to_print_again.iter().filter(|(attempt, _)| !open.contains(*attempt));
        let counted: Vec<_> = counted.map(|(a, j)| (a.clone(), j.clone())).collect();
        for (attempt, job) in counted {
            match api.post(&format!("/api/v1/jobs/{job}/replace"), &json!({})).await {
                Ok(_new_job) => self.diary.printed_again += 1,
                // It has a replacement already: made with the count, or by an answer that got lost.
                Err(error) if is_refused(&error, 409) => {}
                Err(error) => return Err(error),
            }
            self.to_print_again.remove(&attempt);
        }
        Ok(())
    }

    async fn clear(&mut self, api: &Http, printer: &Value) -> anyhow::Result<()> {
        let id = text(printer, "/id")?;
        let Some(cause) = printer.pointer("/bed/cause").and_then(Value::as_str) else { return Ok(()) };
        let is_busy = printer.get("attempt").is_some_and(|a| !a.is_null());
        if is_busy || is_at_work(&self.really(id, None).await?) {
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

fn is(really: &Value, word: &str) -> bool {
    really.get(word).and_then(Value::as_bool).unwrap_or(false)
}

fn is_at_work(really: &Value) -> bool {
    is(really, "is_moving") || is(really, "is_busy")
}

/// The entries of a list; none where there is no list.
pub fn each<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Whether a server refused with this code; false where it did not answer at all.
#[must_use]
pub fn is_refused(error: &anyhow::Error, status: u16) -> bool {
    error.downcast_ref::<Refused>().is_some_and(|r| r.status == status)
}

/// 409 means that the floor moved on: the next round looks again.
fn forgive_old_pages(done: anyhow::Result<()>) -> anyhow::Result<()> {
    match done {
        Err(error) if is_refused(&error, 409) => Ok(()),
        other => other,
    }
}
