//! The object: a table of what was seen, and an alarm that forgets it.
use keyward_platform::{delete_alarm, set_alarm, transaction};
use worker::{
    DurableObject, Env, Request, Response, Result, SqlStorageValue, State, durable_object, js_sys,
};

/// After an alarm that failed, the next try.
const RETRY_MS: f64 = 60_000.0;

#[expect(
    missing_debug_implementations,
    reason = "the runtime makes it, and nobody prints it"
)]
#[durable_object]
pub struct ReplayStore {
    state: State,
}

impl DurableObject for ReplayStore {
    fn new(state: State, _env: Env) -> Self {
        let store = Self { state };
        // An error here shows at the first insertion, which then fails.
        let _ = store.state.storage().sql().exec(
            "CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, until_s INTEGER NOT NULL) STRICT, WITHOUT ROWID",
            None,
        );
        store
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let path = request.path();
        let asked = path.trim_start_matches('/').split_once('/');
        let Some((key, until_s)) =
            asked.and_then(|(key, until_s)| Some((key, until_s.parse().ok()?)))
        else {
            return Response::error("not a replay key", 400);
        };
        let is_first = self.insert(key, until_s)?;
        Response::empty().map(|answer| answer.with_status(if is_first { 200 } else { 409 }))
    }

    async fn alarm(&self) -> Result<Response> {
        // First of all the next try: an alarm that fails six times is dropped for good.
        let storage = self.state.storage();
        let _ = set_alarm(&storage, js_sys::Date::now() + RETRY_MS);
        let _ = self.forget();
        Response::empty()
    }
}

impl ReplayStore {
    /// Whether the key was not there before. The alarm that forgets it is set with it.
    fn insert(&self, key: &str, until_s: i64) -> Result<bool> {
        // Content may have taken so long to arrive that this would be forgotten at once, and a
        // copy that arrives later still would be first again. By the clock that forgets.
        if until_s < now_s() {
            return Ok(false);
        }
        let storage = self.state.storage();
        transaction(&storage, || {
            let sql = storage.sql();
            let first = self.earliest()?.is_none();
            let inserted = match sql
                .exec(
                    "INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1",
                    vec![
                        SqlStorageValue::String(key.to_owned()),
                        SqlStorageValue::Integer(until_s),
                    ],
                )?
                .raw()
                .next()
            {
                None => false,
                // Only a row says that it was the first; an error does not.
                Some(row) => row.map(|_| true)?,
            };
            if first {
                set_alarm(&storage, (until_s as f64 + 1.0) * 1000.0)?;
            }
            Ok(inserted)
        })
    }

    /// Forgets what is past, and sets the alarm to when the next is.
    fn forget(&self) -> Result<()> {
        let storage = self.state.storage();
        transaction(&storage, || {
            storage.sql().exec(
                "DELETE FROM seen WHERE until_s < ?",
                vec![SqlStorageValue::Integer(now_s())],
            )?;
            match self.earliest()? {
                Some(until_s) => set_alarm(&storage, (until_s as f64 + 1.0) * 1000.0),
                None => delete_alarm(&storage),
            }
        })
    }

    /// When the first of what was seen may be forgotten.
    fn earliest(&self) -> Result<Option<i64>> {
        #[derive(serde::Deserialize)]
        struct Row {
            until_s: Option<f64>,
        }
        let row: Row = self
            .state
            .storage()
            .sql()
            .exec("SELECT min(until_s) AS until_s FROM seen", None)?
            .one()?;
        Ok(row.until_s.map(|seconds| seconds as i64))
    }
}

/// Seconds of Unix time.
fn now_s() -> i64 {
    (js_sys::Date::now() / 1000.0) as i64
}
