// Time for what the registry keeps: while it is stopped, what it wrote becomes older.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Runs statements in every object of a class that has the table, or whatever `look` does. */
export async function inObjects(registry, objects, table, statements, look = () => {}) {
  const folder = join(registry.state, "registry-disk", `keyward-${objects}`);
  for (const file of await readdir(folder)) {
    if (!file.endsWith(".sqlite") || file === "metadata.sqlite") continue;
    const database = new DatabaseSync(join(folder, file));
    const found = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table);
    if (found) {
      for (const statement of statements) database.exec(statement);
      look(database);
    }
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
