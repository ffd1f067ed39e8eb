// Time for what the registry keeps: while it is stopped, what it wrote becomes older.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Runs statements in every object of a class that has the table. */
export function inObjects(registry, objects, table, statements) {
  return inEach(registry, objects, table, (database) => {
    for (const statement of statements) database.exec(statement);
  });
}

/** What a query finds in all of them. */
export async function rowsOf(registry, objects, table, query) {
  const found = [];
  await inEach(registry, objects, table, (database) => found.push(...database.prepare(query).all()));
  return found;
}

async function inEach(registry, objects, table, use) {
  const folder = join(registry.state, "registry-disk", `keyward-${objects}`);
  for (const file of await readdir(folder)) {
    if (!file.endsWith(".sqlite") || file === "metadata.sqlite") continue;
    const database = new DatabaseSync(join(folder, file));
    const found = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table);
    if (found) use(database);
    database.close();
  }
}

/** Makes sessions older by these seconds: all of their times, or one column. */
export async function ageSessions(registry, seconds, columns = ["begun_at_s", "used_at_s", "second_factor_at_s"]) {
  await registry.kill();
  const all = columns.map((column) => `${column} = ${column} - ${seconds}`).join(", ");
  await inObjects(registry, "organisation", "sessions", [`UPDATE sessions SET ${all}`]);
  await registry.restart();
}

/** Takes the alarms of all objects of a class away, as if the platform had dropped them: nothing wakes them by itself. */
export async function loseAlarms(registry, objects) {
  await inObjects(registry, objects, "_cf_METADATA", ["DELETE FROM _cf_METADATA WHERE key = 1"]);
  const all = new DatabaseSync(join(registry.state, "registry-disk", `keyward-${objects}`, "metadata.sqlite"));
  all.exec("DELETE FROM _cf_ALARM");
  all.close();
}
