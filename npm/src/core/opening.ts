// What a verifier is made from, as the core reads it.
import type { AuthorityOptions } from "../types.js";
import type { JwkSet, OrganisationKeys, PublishKey } from "../wire.js";

export interface Opening {
  readonly deployment: string;
  /** As JSON: the core reads it as every host does. */
  readonly catalogue: string;
  readonly cacheTtl: number;
  readonly importedKeyIds: boolean;
  readonly debug: boolean;
  /** Whether the use of keys is counted. */
  readonly countsUsage: boolean;
  readonly contentBytes: number;
  readonly createdAgeSeconds: number;
  readonly createdAheadSeconds: number;
  readonly authorities: readonly Required<AuthorityOptions>[];
  /** By environment. */
  readonly tokenKeys: Readonly<Record<string, JwkSet>>;
  readonly publishKeys: readonly PublishKey[];
  readonly organisationKeys: readonly OrganisationKeys[];
}

/** The parts that crates/keyward-wasm/src/verifier/opening.rs takes, in its order. */
export function openingParts(opening: Opening): string[] {
  const flag = (value: boolean) => (value ? "1" : "");
  return [
    opening.catalogue,
    String(opening.cacheTtl),
    opening.deployment,
    flag(opening.importedKeyIds),
    flag(opening.debug),
    String(opening.contentBytes),
    String(opening.createdAgeSeconds),
    String(opening.createdAheadSeconds),
    ...many(opening.authorities, ({ authority, scheme, environment, role }) => [authority, scheme, environment!, role!]),
    ...many(Object.entries(opening.tokenKeys), ([environment, { keys }]) => [
      environment,
      ...many(keys, ({ kid, x }) => [kid, x]),
    ]),
    ...many(opening.publishKeys, ({ id, publicKey }) => [id, publicKey]),
    ...many(opening.organisationKeys, ({ environment, organisation, rings }) => [
      environment,
      organisation,
      ...many(Object.entries(rings), ([id, { seal, pepper }]) => [id, seal, pepper]),
    ]),
  ];
}

/** How many there are, and each. */
function many<T>(all: readonly T[], parts: (one: T) => string[]): string[] {
  return [String(all.length), ...all.flatMap(parts)];
}
