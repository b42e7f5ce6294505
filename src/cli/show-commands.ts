import type { Arguments } from 'yargs';
import { parseRequest } from '../cluster/parse.ts';
import type { ExternalEtcd } from '../cluster/config.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import type { Directories } from '../cluster/directories.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { argumentsJson, argumentsText } from '../report/arguments.ts';
import { issueLines } from '../report/errors.ts';
import { signatureTree, treeJson, treeText } from '../report/tree.ts';
import { shownRows, tableMarkdown, tableText } from '../report/table.ts';
import { toYaml } from '../report/yaml.ts';
import { resolveArguments } from '../resolve/arguments.ts';
import { type DesiredRow, fileThatHolds } from '../resolve/desired.ts';
import { resolveBindings } from '../resolve/rbac.ts';
import { resolveRows } from '../resolve/rows.ts';
import { readFiles } from '../store/files.ts';
import { audit } from './audit.ts';
import { type AskedOptions, askedOptionsOf } from './config.ts';
import { readHost } from './host.ts';
import { pendingSentences } from '../library/pending.ts';
import { EXIT, isUnicode, printData, printMessages } from './terminal.ts';

interface Shown {
  readonly spec: ClusterSpec;
  readonly directories: Directories;
  readonly externalEtcd?: ExternalEtcd | undefined;
}

function requestOf({ options, place, externalEtcd }: AskedOptions): Shown {
  const { spec, directories, warnings } = parseRequest(options, { host: readHost(), cwd: process.cwd() });
  printMessages(place(warnings).flatMap((issue) => issueLines(issue, 'warning')));
  return { spec, directories, externalEtcd };
}

const ANY_HOST = { hostIp: '192.0.2.1', hostname: 'host' };

/** The specification for what is shown of any host. No address is shown, so that one need not be given. */
async function requestOfAnyHost(parsed: Arguments): Promise<Shown> {
  const asked = await askedOptionsOf(parsed, { isAnyHost: true });
  const { nodeName: _, apiserverAdvertiseAddress: __, ...options } = asked.options;
  return requestOf({ ...asked, options: { ...options, ...ANY_HOST } });
}

/** The CAs whose certificate is on this host and whose key is not (R2.6). */
async function keylessCas(spec: ClusterSpec, directories: Directories): Promise<readonly string[]> {
  const cas = resolveRows(spec).filter((row) => row.kind === 'ca');
  const placeOf = (path: string): string => absolutePath(path, directories);
  const states = await readFiles(cas.flatMap((row) => row.files.map((file) => placeOf(file.path))));
  const isThere = (row: DesiredRow, holds: 'certificate' | 'key'): boolean => {
    const path = fileThatHolds(row, holds)?.path;
    return path !== undefined && states.get(placeOf(path))?.kind !== 'absent';
  };
  return cas.filter((row) => isThere(row, 'certificate') && !isThere(row, 'key')).map((row) => row.id);
}

type Forms = Readonly<Record<string, () => readonly string[] | Promise<readonly string[]>>>;

async function printAs(form: unknown, forms: Forms): Promise<number> {
  printData((await forms[String(form)]?.()) ?? []);
  return EXIT.done;
}

const json = (value: object): readonly string[] => [JSON.stringify(value, null, 2)];

/** `k8s-pki show table`. */
export async function showTable(parsed: Arguments): Promise<number> {
  const { spec } = await requestOfAnyHost(parsed);
  const data = {
    schema: 'k8s-pki/table/v1',
    profile: spec.profile,
    kubernetesVersion: spec.kubernetesVersion.text,
  };
  const document = { ...data, rows: shownRows(spec) };
  return printAs(parsed['output'], {
    text: () => tableText(spec),
    markdown: () => tableMarkdown(spec),
    json: () => json(document),
    yaml: () => toYaml([document]),
  });
}

/** `k8s-pki show tree`. */
export async function showTree(parsed: Arguments): Promise<number> {
  const report = await audit(parsed, { at: new Date(), warnWithinSeconds: 0 });
  const roots = signatureTree(report.verification.evidence);
  return printAs(parsed['output'], {
    text: () => treeText(roots, { isUnicode: isUnicode() }),
    json: () => json(treeJson(roots, report)),
    mermaid: async () => (await import('../report/tree-graphs.ts')).treeMermaid(roots),
    dot: async () => (await import('../report/tree-graphs.ts')).treeDot(roots),
  });
}

/** `k8s-pki show arguments`. */
export async function showArguments(parsed: Arguments): Promise<number> {
  const { spec, directories, externalEtcd } = await requestOfAnyHost(parsed);
  const pending = await pendingSentences(targetDirectories(directories));
  printMessages(pending.map((sentence) => `notice: ${sentence}`));
  const all = resolveArguments(spec, {
    pathOf: (path) => absolutePath(path, directories),
    keyless: await keylessCas(spec, directories),
    externalEtcd,
  });
  const wanted = all.filter(
    ({ component }) => parsed['component'] === undefined || component === parsed['component'],
  );
  if (wanted.length === 0)
    printMessages([`notice: this cluster has nothing for ${String(parsed['component'])}`]);
  return printAs(parsed['output'], {
    text: () => argumentsText(wanted),
    json: () => json(argumentsJson(wanted)),
    yaml: () => toYaml([argumentsJson(wanted)]),
  });
}

/** `k8s-pki show config`. */
export async function showConfig(parsed: Arguments): Promise<number> {
  const shown = requestOf(await askedOptionsOf(parsed));
  const { configDocuments, configText } = await import('../report/config.ts');
  return printAs(parsed['output'], {
    yaml: () => configText(shown),
    json: () => json({ schema: 'k8s-pki/config/v1', documents: configDocuments(shown) }),
  });
}

/** `k8s-pki show rbac`. */
export async function showRbac(parsed: Arguments): Promise<number> {
  const { spec } = await requestOfAnyHost(parsed);
  const bindings = resolveBindings(spec);
  return printAs(parsed['output'], {
    yaml: () =>
      bindings.length === 0
        ? [`# the profile ${spec.profile} of Kubernetes ${spec.kubernetesVersion.text} needs no bindings`]
        : toYaml(bindings),
    json: () => json({ apiVersion: 'v1', kind: 'List', items: bindings }),
  });
}
