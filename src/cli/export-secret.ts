import { randomBytes } from 'node:crypto';
import type { Arguments } from 'yargs';
import { parseDuration } from '../cluster/durations.ts';
import { parseDirectories } from '../cluster/parse.ts';
import type { SpecIssue } from '../errors.ts';
import { exportSecret, type SecretExport } from '../handover.ts';
import { targetDirectories } from '../layout.ts';
import { resolveDirectories } from '../present.ts';
import { toYaml } from '../report/yaml.ts';
import type { TokenOwner } from '../secret/manifests.ts';
import { parseTokenOwner } from '../secret/owner.ts';
import { readFiles } from '../store/files.ts';
import { CERTIFICATE_SECRET } from '../table/secrets.ts';
import { certificateKeyOf } from './certificate-key.ts';
import { askedOptionsOf } from './config.ts';
import { assertNoIssues } from './issues.ts';
import { pendingSentences } from '../library/pending.ts';
import { assertOutputApart, writeOutput } from './output-file.ts';
import { placedError } from './placed.ts';
import { assertOneStandardInput } from './secret-file.ts';
import { etcdPlacesOf, placeIn, readHandover } from './secret-files.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { textOf } from './words.ts';

/** Encrypted as it is: nobody else has to read it. */
const OUTPUT_MODE = 0o600;

function tokenOf(parsed: Arguments): { readonly seconds: number; readonly owner: TokenOwner | undefined } {
  const issues: SpecIssue[] = [];
  const period = textOf(parsed, 'token-ttl') ?? '';
  const seconds = parseDuration(period);
  if ('rule' in seconds) issues.push({ option: 'token-ttl', value: period, ...seconds });
  else if (seconds.value === 0)
    issues.push({
      option: 'token-ttl',
      value: period,
      rule: 'must be more than nothing: the Secret holds keys of CAs',
    });
  const text = textOf(parsed, 'owner');
  const owner = text === undefined ? undefined : parseTokenOwner(text);
  if (owner !== undefined && 'rule' in owner) issues.push({ option: 'owner', value: text ?? '', ...owner });
  assertNoIssues(issues);
  return {
    seconds: 'value' in seconds ? seconds.value : 0,
    owner: owner !== undefined && 'value' in owner ? owner.value : undefined,
  };
}

function messagesOf(made: SecretExport, placeOf: (path: string) => string): readonly string[] {
  const { name } = CERTIFICATE_SECRET;
  return [
    ...made.absent.map((path) => `notice: ${placeOf(path)}: is not here, and empty in the Secret`),
    ...made.left.map(
      (path) => `notice: ${placeOf(path)}: has no place in the Secret: bring it to hosts that join`,
    ),
    ...(made.token === undefined
      ? []
      : [
          `notice: ${name} is not tied to ${made.token}, whose uid the cluster chooses: it stays when the token ends`,
          '  hint: docs/joining.md ties it, or tie it to a token that is there with --owner',
        ]),
  ];
}

/** `k8s-pki export secret`. */
export async function runExportSecret(parsed: Arguments): Promise<number> {
  assertOneStandardInput(parsed);
  const { seconds, owner } = tokenOf(parsed);
  const asked = await askedOptionsOf(parsed, { isAnyHost: true });
  const key = await certificateKeyOf(parsed, asked.certificateKey);
  const { certDir, kubeconfigDir, rootCa, rootCaDir, externalEtcd, profile, kubernetesVersion } =
    asked.options;
  const given = parseDirectories({ certDir, kubeconfigDir, rootCa, rootCaDir }, process.cwd());
  const directories = await resolveDirectories(given);
  const pending = await pendingSentences(targetDirectories(directories));
  const places = etcdPlacesOf(asked.externalEtcd);
  const placeOf = placeIn(directories, places);
  const consulted = { directories, files: [...places.values()] };
  await assertOutputApart(parsed, consulted);
  const read = await readHandover(
    directories,
    { places, isNamed: asked.externalEtcd !== undefined },
    readFiles,
  );
  const isThere = (path: string): boolean => read.some((file) => file.path === path);
  const missing = [...places.keys()].filter((path) => !isThere(path));
  const made = await placedError(placeOf, () =>
    exportSecret({
      files: [...read, ...missing.map((path) => ({ path, obstacle: 'is not there' }))],
      readFrom: directories,
      options: { profile, kubernetesVersion },
      key,
      etcd: externalEtcd === true ? 'external' : 'stacked',
      owner,
      tokenSeconds: seconds,
      now: new Date(),
      randomBytes: (length) => randomBytes(length),
    }),
  );
  const list = { apiVersion: 'v1', kind: 'List', items: made.manifests };
  const lines = parsed['output'] === 'json' ? [JSON.stringify(list, null, 2)] : await toYaml(made.manifests);
  const file = textOf(parsed, 'output-file');
  if (parsed['dry-run'] === true)
    printMessages(['notice: what is there can be handed over; nothing was printed or written (--dry-run)']);
  else if (file === undefined) printData(lines);
  else await writeOutput(parsed, { ...consulted, lines, mode: OUTPUT_MODE });
  printMessages([...pending.map((sentence) => `notice: ${sentence}`), ...messagesOf(made, placeOf)]);
  return EXIT.done;
}
