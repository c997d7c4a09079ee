//! What printers say, written down: evidence to attempts, doubts to beds, the marks before what cannot be taken back.

use protocol::bed::Doubt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    ledger::{Ledger, LedgerError, outcome::Progress},
    printer::{Report, What},
};

/// Takes reports until `stop` and the last one that is waiting.
pub async fn take_reports(ledger: Ledger, mut reports: mpsc::Receiver<Report>, stop: CancellationToken) {
    loop {
        let report = tokio::select! {
            biased;
            () = stop.cancelled() => match reports.try_recv() {
                Ok(report) => report,
                Err(_empty) => return,
            },
            next = reports.recv() => match next {
                Some(report) => report,
                None => return,
            },
        };
        let printer = report.printer.clone();
        if let Err(error) = take(&ledger, report).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(printer.id = %printer, error, "a report of {printer} changed nothing");
        }
    }
}

async fn take(ledger: &Ledger, report: Report) -> Result<(), LedgerError> {
    match report.what {
        What::Evidence { attempt, event, evidence } => {
            let state = ledger.apply(attempt, event, evidence.clone()).await?;
            tracing::info!(
                attempt.no = %attempt, printer.id = %report.printer,
                "attempt {attempt} is {} now: {evidence}", state.word(),
            );
            Ok(())
        }
        What::Progress { attempt, progress } => {
            let progress =
                Progress { acked_line: progress.acked_line, done: progress.done, z_um: progress.z_um };
            ledger.progress(attempt, progress).await
        }
        What::LastLineNext { attempt, durable } => {
            ledger.mark_last_line_next(attempt).await?;
            // A task that has gone away meanwhile does not send the line.
            if durable.send(()).is_err() {
                tracing::debug!(attempt.no = %attempt, "the printer's task did not wait for the mark");
            }
            Ok(())
        }
        What::StartNext { attempt, durable } => {
            ledger.mark_start_next(attempt).await?;
            if durable.send(()).is_err() {
                tracing::debug!(attempt.no = %attempt, "the printer's task did not wait for the mark");
            }
            Ok(())
        }
        What::ForeignPrint { name } => {
            let evidence = format!("the printer runs {name:?}, which is not ours");
            ledger.doubt_bed(report.printer, Doubt::ForeignPrint, evidence).await
        }
    }
}
