import type { Arguments } from 'yargs';
import { readStatus } from '../csr/status.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { statusJson, statusMessages, statusText } from '../report/status.ts';
import { askedOptionsOf } from './config.ts';
import { nodesOf, pendingTarget, readTarget } from './pending-pki.ts';
import { pendingSentences } from '../library/pending.ts';
import { EXIT, printData, printMessages } from './terminal.ts';

/** `k8s-pki certs status`. */
export async function runStatus(parsed: Arguments): Promise<number> {
  const { options } = await askedOptionsOf(parsed, { isAnyHost: true });
  const target = await pendingTarget(options, nodesOf(parsed));
  const { directories } = target;
  const targets = targetDirectories(directories);
  printMessages((await pendingSentences(targets)).map((sentence) => `notice: ${sentence}`));
  const files = await readTarget(target);
  const request = { files, options: target.options, nodes: target.nodes, readFrom: directories };
  const status = await readStatus(request, new Date());
  const pathOf = (path: string): string => absolutePath(path, directories);
  printMessages(statusMessages(status, pathOf));
  printData(
    parsed['output'] === 'json'
      ? [JSON.stringify(statusJson(status, targets, pathOf), null, 2)]
      : statusText(status),
  );
  return status.isComplete ? EXIT.done : EXIT.findings;
}
