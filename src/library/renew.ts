import { EVERYTHING } from '../renewal-names.ts';
import { issuesOfTimes } from './assert.ts';
import { readClock } from './clock.ts';
import { type RenewalOptions, type RenewedClusterPki, runRenewal } from './renewal.ts';

/** What to renew: the files, and what the cluster is, where the certificates do not say it. */
export interface RenewClusterPkiOptions extends RenewalOptions {
  /** Ids of rows, `apiserver`, `admin.conf`; default: all of what no component renews itself. */
  readonly names?: readonly string[];
  /** Renew only what ends within these seconds. */
  readonly withinSeconds?: number;
  /** Keep the private keys; default: new ones are made. */
  readonly keepsKeys?: boolean;
}

/**
 * Renews certificates and kubeconfigs in memory, as `k8s-pki certs renew` does: new keys and a new life, with subject and names
 * of the certificate that is there or, where options say what the cluster is, from those. A kubeconfig keeps whatever else is
 * in it. What cannot be renewed, because it is not there or its CA cannot sign, is in the plan with the reason, and the
 * rest is done.
 *
 * Writes nothing, and takes no snapshot: `files` has what replaces the files of the same paths. CAs and the service account
 * pair are never renewed.
 *
 * @throws {PkiError} `ERR_USAGE` for a name that is none; `ERR_CONFIG` with every issue of the options; `ERR_REFUSED` with every
 * difference where certificates and options say different things and `from` is not given; `ERR_CLOCK`; `ERR_KEY` for a
 * signer that has not the key of its CA; `ERR_SELF_CHECK`.
 *
 * @example
 * ```ts
 * import { readClusterPki, renewClusterPki } from 'k8s-pki';
 *
 * const present = await readClusterPki('/etc/kubernetes/pki');
 * const { files, reload } = await renewClusterPki({ files: present, withinSeconds: 30 * 86_400 });
 * for (const { path, mode } of files) console.log('replace', path, mode.toString(8));
 * for (const { component, effect } of reload?.steps ?? []) console.log(component, effect);
 * ```
 */
export async function renewClusterPki(options: RenewClusterPkiOptions): Promise<RenewedClusterPki> {
  const { names = [EVERYTHING], withinSeconds, keepsKeys = false, now = readClock(), ...rest } = options;
  const issues = issuesOfTimes({ now, ...(withinSeconds === undefined ? {} : { withinSeconds }) });
  const wanted = { names, withinSeconds, keepsKeys };
  const { nodes: _, away: __, ...renewed } = await runRenewal(rest, wanted, { now, issues });
  return renewed;
}
