import type { Arguments } from 'yargs';
import { parseClusterSpec } from '../cluster/parse.ts';
import { generateRequests, planRequests, requestsRefusal } from '../csr/generate.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { resolveNodeRows, resolveRows } from '../resolve/rows.ts';
import { issueLines } from '../report/errors.ts';
import { requestsJson, type RequestsReport, requestsText } from '../report/requests.ts';
import { openStore } from '../store/store.ts';
import { generateKeyPair } from '../x509/keys.ts';
import { askedOptionsOf } from './config.ts';
import { interruptible } from './generate.ts';
import { readHost } from './host.ts';
import { nodesOf, pendingTarget, placed, readTarget } from './pending-pki.ts';
import { pendingSentences } from '../library/pending.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { assertPlaceable, fatesOf, recoverySentence, writeChange } from './write.ts';

/** `k8s-pki certs generate-csr`. */
export async function runGenerateCsr(parsed: Arguments, signal: AbortSignal): Promise<number> {
  const { options, place } = await askedOptionsOf(parsed);
  const nodes = nodesOf(parsed);
  const target = await pendingTarget(options, nodes);
  const { directories } = target;
  const targets = targetDirectories(directories);
  const { spec, warnings } = parseClusterSpec({ ...options, ...directories }, readHost());
  const rows = [...resolveRows(spec), ...nodes.flatMap((node) => resolveNodeRows(spec, node))];
  const isAlgorithmAsked = options.keyAlgorithm !== undefined;
  const now = new Date();
  const pathOf = (path: string): string => absolutePath(path, directories);
  const base = { spec, directories: targets, warnings: place(warnings), pathOf };
  const finish = (report: RequestsReport): number => {
    printMessages([
      ...report.recovery.map((sentence) => `notice: ${sentence}`),
      ...report.warnings.flatMap((issue) => issueLines(issue, 'warning')),
    ]);
    printData(
      parsed['output'] === 'json' ? [JSON.stringify(requestsJson(report), null, 2)] : requestsText(report),
    );
    return EXIT.done;
  };

  if (parsed['dry-run'] === true) {
    const recovery = await pendingSentences(targets);
    const { plan } = await planRequests({ rows, existing: await readTarget(target), isAlgorithmAsked }, now);
    if (plan.isRefused) throw placed(requestsRefusal(plan), directories);
    assertPlaceable(plan, directories);
    return finish({ ...base, plan, recovery, outcome: plan.isComplete ? 'unchanged' : 'planned' });
  }
  const store = await openStore(targets, { self: process });
  try {
    const recovery = store.recovered.map(recoverySentence);
    const existing = await readTarget(target, (paths) => store.read(paths));
    const planned = await planRequests({ rows, existing, isAlgorithmAsked }, now);
    const { plan } = planned;
    if (plan.isRefused) throw placed(requestsRefusal(plan), directories);
    if (plan.isComplete) return finish({ ...base, plan, recovery, outcome: 'unchanged' });
    // Before keys are made: what is in the way shows at once.
    assertPlaceable(plan, directories);
    const files = await interruptible(signal, (onKeyGenerated) =>
      generateRequests(planned, { now, generateKeyPair, onKeyGenerated }),
    );
    const writing = { directories, command: 'certs generate-csr', now, signal, ...fatesOf(plan) };
    await writeChange(store, files, writing);
    return finish({ ...base, plan, recovery, outcome: 'created' });
  } finally {
    await store.close();
  }
}
