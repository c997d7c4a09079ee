//! A workshop that works alone at first: the hub that it meets later is told what is held, and goes on from there.

use std::time::Duration;

use platewright_tests::{
    agent::{Agent, Wired},
    http::text,
    hub::{Hub, Outside},
    operator::each,
    wait,
};
use serde_json::json;

const MEET_MAX: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_met_later_knows_the_jobs_that_were_made_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = "127.0.0.1:9".to_owned(); // The discard port: no outside service takes part.
    let outside = Outside { shopify: nobody.clone(), sendcloud: nobody.clone(), simplyprint: nobody };
    let mut hub = Hub::new(folder.path(), &outside).unwrap();
    hub.start().await.unwrap();
    let url = format!("http://{}", hub.address().unwrap());
    let connection = "{ kind = \"serial\", port = \"/dev/serial/by-id/nobody\" }".to_owned();
    let wired = Wired { id: "cr-1".into(), profile: "creality/cr-10".into(), connection };
    let mut agent = Agent::new(folder.path(), Some(&url), &[wired]).unwrap();
    agent.start().await.unwrap();
    let grid = json!({ "grid": { "plate_size": [42, 42], "bed_size": [250, 220] } });
    let made = agent.api().unwrap().post_once("/api/v1/jobs", "alone", &grid).await.unwrap();
    let alone = text(&made, "/jobs/0").unwrap().to_owned();

    agent.command(&["enrol", "--hub", &url, "--code", &hub.agent_code().unwrap()]).unwrap();
    let known = async |job: String| {
        wait::until("the hub to know the job", MEET_MAX, || async {
            let all = hub.api()?.get("/api/v1/print-jobs").await?;
            let is_known = each(&all, "/jobs").any(|j| j.get("id").and_then(|id| id.as_str()) == Some(&job));
            Ok(if is_known { Ok(()) } else { Err(all) })
        })
        .await
    };
    known(alone).await.unwrap();
    // What happens from now on goes up as events, from the first one.
    let made = agent.api().unwrap().post_once("/api/v1/jobs", "together", &grid).await.unwrap();
    known(text(&made, "/jobs/0").unwrap().to_owned()).await.unwrap();
    let state = agent.state().await.unwrap();
    assert_eq!(text(&state, "/hub/link").unwrap(), "connected", "{state}");
}
