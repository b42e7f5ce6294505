/** A Kubernetes release. Only releases of the 1.x line are known. */
export interface KubernetesVersion {
  readonly minor: number;
  /** Infinity where only the minor was given: its newest patch release. */
  readonly patch: number;
  /** As shown to people: `v1.36.1`, or `v1.36` where no patch was given. */
  readonly text: string;
}

export const OLDEST_MINOR = 24;
export const NEWEST_MINOR = 37;

/** The newest patch release of the newest minor release known. */
export const NEWEST_VERSION: KubernetesVersion = Object.freeze({
  minor: NEWEST_MINOR,
  patch: Number.POSITIVE_INFINITY,
  text: `v1.${NEWEST_MINOR}`,
});

/**
 * Reads `1.36`, `v1.36` or `v1.36.1`, with build metadata (`+…`) passed over. Returns undefined for anything else,
 * pre-releases among it: what they issue lies between two releases. Does not look whether the release is known.
 */
export function parseKubernetesVersion(text: string): KubernetesVersion | undefined {
  const match = /^v?1\.(0|[1-9][0-9]{0,3})(?:\.(0|[1-9][0-9]{0,3}))?(?:\+[0-9A-Za-z.-]+)?$/.exec(text);
  if (match === null) return undefined;
  const minor = Number(match[1]);
  const patch = match[2] === undefined ? Number.POSITIVE_INFINITY : Number(match[2]);
  return { minor, patch, text: match[2] === undefined ? `v1.${minor}` : `v1.${minor}.${patch}` };
}

/**
 * Whether `version` has a change that came with the releases `since`: a minor (`1.29`), or the patch releases it was
 * backported to and the minor that had it from the start (`1.33.12 1.34.8 1.35.5 1.36.1 1.37`).
 */
export function hasChange(version: KubernetesVersion, since: string): boolean {
  const releases = since.split(' ').map((text) => text.split('.').map(Number));
  const own = releases.find((release) => release[1] === version.minor);
  if (own !== undefined) return version.patch >= (own[2] ?? 0);
  return version.minor > Math.max(...releases.map((release) => release[1] ?? 0));
}
