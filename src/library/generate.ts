import type { PresentFile } from '../checks/evidence.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import type { SpecIssue } from '../errors.ts';
import { type GeneratedPki, generatePki } from '../pki.ts';
import { refusalOf } from '../plan.ts';
import { planRequest } from '../request.ts';
import type { Signer } from '../x509/signer.ts';
import { assertNone, issuesOfTimes, unknownPaths } from './assert.ts';
import { readClock } from './clock.ts';
import { environmentOf, issuesOfSigners, type IssuingOptions } from './environment.ts';

/** What to generate: the options of `k8s-pki init` by the same names, what is there already, and what to generate with. */
export interface GenerateClusterPkiOptions extends ClusterOptions, IssuingOptions {
  /**
   * What is there already, by logical path: `{ path: 'pki/ca.crt', contents: '-----BEGIN …' }`. CAs with or without
   * their keys, the service account pair, or everything that `readClusterPki` found. It is kept, and what is missing is
   * made to fit it.
   */
  readonly existing?: readonly PresentFile[];
}

/** A PKI in memory, with the specification it follows and what was odd about the request. */
export interface ClusterPki extends GeneratedPki {
  readonly spec: ClusterSpec;
  readonly warnings: readonly SpecIssue[];
}

/** Passed over in silence, a mistyped path or a signer without its certificate would have a second CA made beside the first. */
function assertUsable(existing: readonly PresentFile[], signers: Readonly<Record<string, Signer>>): void {
  const paths = existing.map(({ path }) => path);
  assertNone([...unknownPaths('existing', paths), ...issuesOfSigners(signers, paths, 'existing')]);
}

/**
 * Generates the PKI of a cluster as one control-plane host needs it, in memory: keys, certificates, kubeconfigs. What
 * `existing` holds is kept and completed.
 *
 * Writes nothing, prints nothing, keeps no state: calls do not disturb each other. `files` has only what is new.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options; `ERR_REFUSED` with every finding where `existing`
 * contradicts them; `ERR_CLOCK`; `ERR_KEY` for a signer that has not the key of its CA; `ERR_SELF_CHECK`.
 *
 * @example
 * ```ts
 * import { generateClusterPki } from 'k8s-pki';
 *
 * const pki = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' });
 * for (const file of pki.files) console.log(file.path, file.mode.toString(8));
 * ```
 */
export async function generateClusterPki(options: GenerateClusterPkiOptions): Promise<ClusterPki> {
  const { existing = [], signers = {}, now = readClock(), ...rest } = options;
  const { randomBytes: _, generateKeyPair: __, onKeyGenerated: ___, ...cluster } = rest;
  assertNone(issuesOfTimes({ now }));
  assertUsable(existing, signers);
  const request = { options: cluster, host: {}, existing, signers: new Map(Object.entries(signers)) };
  const { planned, spec, warnings, wouldKeep, reissue } = await planRequest(request, now);
  if (planned.plan.isRefused) throw refusalOf(planned.plan, wouldKeep, reissue);
  const generated = await generatePki(planned, environmentOf(options, now));
  return { ...generated, spec, warnings };
}
