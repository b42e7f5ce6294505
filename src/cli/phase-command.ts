import type { Arguments } from 'yargs';
import type { ClusterOptions } from '../cluster/options.ts';
import { USUAL_DIRECTORIES } from '../layout.ts';
import { initJson, initText } from '../report/init.ts';
import { dependsOnAddress } from '../request.ts';
import type { PhaseRequest } from '../resolve/phases.ts';
import { PHASES } from '../table/row.ts';
import { NEWEST_VERSION } from '../table/versions.ts';
import { askedOptionsOf } from './config.ts';
import { defaultAddress, readHost } from './host.ts';
import { init } from './init.ts';
import { assertNoIssues } from './issues.ts';
import { EXIT, printData, printMessages } from './terminal.ts';

/** Stands in for an address that nothing of what is asked for has in it. */
const NO_ADDRESS = '192.0.2.1';

function requestOf(parsed: Arguments): PhaseRequest {
  const phase = PHASES.find((each) => each === parsed['phase']);
  if (phase === undefined) throw new TypeError('expected a phase');
  return { phase, name: String(parsed['part']) };
}

/** The address to announce, where nobody gave one: kubeadm's choice, or none where it makes no difference. */
function chooseAddress(options: ClusterOptions, request: PhaseRequest): ClusterOptions {
  if (options.hostIp !== undefined || options.apiserverAdvertiseAddress !== undefined) return options;
  if (!dependsOnAddress(options, readHost(), request)) return { ...options, hostIp: NO_ADDRESS };
  const found = defaultAddress();
  const option = 'apiserver-advertise-address';
  if (found === undefined) {
    const rule = 'is needed: no default route says which address of this host to take';
    const hint = `give --${option}, or localAPIEndpoint.advertiseAddress in the file of --config`;
    assertNoIssues([{ option, rule, hint }]);
    return options;
  }
  const { address, interfaceName } = found;
  printMessages([
    `notice: --${option} is not given: ${address} is taken, of ${interfaceName}, where the default route leads`,
  ]);
  return { ...options, apiserverAdvertiseAddress: address };
}

/** What kubeadm would be asked for by the same words. */
async function optionsOf(
  parsed: Arguments,
  request: PhaseRequest,
): Promise<Pick<Parameters<typeof init>[0], 'cluster' | 'place'>> {
  const { kubeconfigDir: usual, certDir: usualPki } = USUAL_DIRECTORIES;
  const rules = { profile: 'kubeadm' } as const;
  const standIns = { ...rules, hostIp: NO_ADDRESS, kubeconfigDir: usual };
  const { options: asked, place } = await askedOptionsOf(parsed, { standIns });
  const options: ClusterOptions = {
    ...asked,
    ...rules,
    // Certificates are a matter of their own directory alone; kubeconfigs lie where kubeadm has them, whatever that is called.
    kubeconfigDir: request.phase === 'certs' ? (asked.certDir ?? usualPki) : (asked.kubeconfigDir ?? usual),
  };
  const cluster = chooseAddress(options, request);
  if (options.kubernetesVersion === undefined)
    printMessages([
      `notice: --kubernetes-version is not given: ${NEWEST_VERSION.text} is taken, the newest known here`,
    ]);
  return { cluster, place };
}

/** `k8s-pki init phase certs` and `init phase kubeconfig`: what kubeadm makes by the same words, and no more. */
export async function runPhase(parsed: Arguments, signal: AbortSignal): Promise<number> {
  const only = requestOf(parsed);
  const { report, messages } = await init({
    ...(await optionsOf(parsed, only)),
    only,
    isDryRun: parsed['dry-run'] === true,
    isEarlyClockAllowed: parsed['allow-early-clock'] === true,
    reissues: false,
    // Nothing is replaced, so nothing is kept of it.
    keep: Number.POSITIVE_INFINITY,
    signal,
  });
  printMessages(messages);
  if (parsed['output'] === 'json') printData([JSON.stringify(initJson(report), null, 2)]);
  else if (report.outcome !== 'refused') printData(initText(report));
  return report.outcome === 'refused' ? EXIT.refused : EXIT.done;
}
