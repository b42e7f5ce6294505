// The same command lines, but for their first word, typed on two equal hosts: one has kubeadm, the other this project. What
// each line changes, how it ends, and what lies there in the end, are the same, or are a listed difference.
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { hasChange, parseKubernetesVersion } from '../../dist/table/versions.js';
import { SCRIPTS } from '../command-lines.mjs';
import { runOnHost } from '../host.mjs';
import { NAMESPACE } from '../namespace.mjs';
import { ON_NODE, OURS, run, shapeOf } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { hasChoices } from '../requests.mjs';
import { compareTrees } from '../shapes.mjs';
import { readTree } from '../trees.mjs';

const [NEWEST] = KUBEADM_VERSIONS;
/** The newest, and one from before most changes; which shape of the command line is asked beside each. */
const ASKED = { [NEWEST]: OURS, '1.29.6': ON_NODE };

function configurationOf(version, { etcd, cluster = {}, init = {} }) {
  const apiVersion = `kubeadm.k8s.io/${hasChoices(version) ? 'v1beta4' : 'v1beta3'}`;
  const documents = [
    {
      apiVersion,
      kind: 'InitConfiguration',
      localAPIEndpoint: { advertiseAddress: '192.0.2.10' },
      nodeRegistration: { name: 'cp1' },
      ...init,
    },
    {
      apiVersion,
      kind: 'ClusterConfiguration',
      kubernetesVersion: `v${version}`,
      ...(hasChoices(version)
        ? { encryptionAlgorithm: 'ECDSA-P256' }
        : { featureGates: { PublicKeysECDSA: true } }),
      ...(etcd === undefined ? {} : { etcd }),
      ...cluster,
    },
  ];
  // JSON is YAML.
  return documents.map((document) => JSON.stringify(document)).join('\n---\n');
}

/** What kubeadm leaves behind where it was told to change nothing (kubeadm.md 3.6), and what is no file of the PKI. */
const isPki = ([path]) => path.startsWith('pki/') || /^[a-z-]+\.conf$/.test(path);
const treeOf = (folder) => new Map([...readTree(folder)].filter(isPki));

const inOrder = (a, b) => a.localeCompare(b);

/** The files that a line has made, changed or taken away. */
function changesOf(before, after) {
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter((path) => !path.endsWith('/'));
  return paths.filter((path) => before.get(path)?.contents !== after.get(path)?.contents).toSorted(inOrder);
}

function prepare(folder, { remove = [], write = {}, link = [], mode = {} }) {
  for (const path of link) {
    const stored = join(folder, 'stored', path);
    mkdirSync(dirname(stored), { recursive: true });
    renameSync(join(folder, path), stored);
    symlinkSync(relative(dirname(join(folder, path)), stored), join(folder, path));
  }
  for (const [path, bits] of Object.entries(mode)) chmodSync(join(folder, path), bits);
  for (const path of remove) rmSync(join(folder, path), { recursive: true, force: true });
  for (const [path, contents] of Object.entries(write)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
    chmodSync(join(folder, path), 0o600);
  }
}

/** One line on one of the hosts. */
function type(side, { line }, { version, address }) {
  const words = line.replaceAll('$VERSION', `v${version}`).split(' ');
  const before = treeOf(side.folder);
  const { status, output } = runOnHost(side.folder, [...side.program, ...words], { address });
  return { status, output, changes: changesOf(before, treeOf(side.folder)) };
}

/** What of a line is not the same, and is not what is listed. */
function failuresOf(step, theirs, ours) {
  const { line, ends = [0, 0], difference, makes } = step;
  // kubeadm told invalid values from other mistakes by 3 (1.33 and before, 1.35 no more).
  const ended = [theirs.status === 0 ? 0 : 1, ours.status];
  const texts = [];
  if (!isDeepStrictEqual(ended, ends))
    texts.push(
      `ended with ${ended.join()}, expected ${ends.join()}: ${theirs.output.slice(-300)} | ${ours.output.slice(-300)}`,
    );
  const [a, b] = [theirs.changes, ours.changes];
  if (difference === undefined || makes === 'the same') {
    if (!isDeepStrictEqual(a, b))
      texts.push(`changed ${a.join(' ') || 'nothing'}, here ${b.join(' ') || 'nothing'}`);
  } else if (isDeepStrictEqual(a, b) && (theirs.status === 0) === (ours.status === 0))
    texts.push(`is no ${difference}: both did the same`);
  if (difference === undefined && (theirs.status === 0) !== (ours.status === 0))
    texts.push('ends well for one of the two, which is no listed difference');
  if (ours.status !== 0 && ours.changes.length > 0)
    texts.push(`failed and changed ${ours.changes.join(' ')}`);
  return texts.map((text) => `${line}: ${text}`);
}

function runScript(script, { makeFolder, kubeadm, version, shape }) {
  const { id, steps, address = 'ipv4', configuration, leavesOther = [] } = script;
  const sides = [[kubeadm], shape].map((program) => ({ program, folder: makeFolder() }));
  const differences = new Set();
  const failures = [];
  for (const { folder } of sides) {
    chmodSync(folder, 0o755);
    if (configuration !== undefined)
      writeFileSync(join(folder, 'kubeadm.yaml'), configurationOf(version, configuration));
  }
  for (const step of steps.filter((each) => isAsked(each, version))) {
    if (step.line === undefined) {
      for (const { folder } of sides) prepare(folder, step);
      continue;
    }
    const [theirs, ours] = sides.map((side) => type(side, step, { version, address }));
    failures.push(...failuresOf(step, theirs, ours));
    if (step.difference !== undefined) differences.add(step.difference);
  }
  const [theirs, ours] = sides.map(({ folder }) => ({
    tree: treeOf(folder),
    // Each file is dated by the command that wrote it, whenever that was.
    issuedAt: (path) => statSync(join(folder, path)).mtimeMs,
  }));
  const { listed, unlisted } = compareTrees(theirs, ours, {});
  for (const difference of listed) differences.add(difference);
  const isExpected = (text) => leavesOther.some((path) => text.startsWith(`${path} `));
  failures.push(...unlisted.filter((text) => !isExpected(text)));
  return { differences, failures: failures.map((text) => `${id}: ${text}`) };
}

function isAsked({ since = '1.24', until = '99', versions }, version) {
  const release = parseKubernetesVersion(version);
  if (versions !== undefined) return versions === 'newest' && version === NEWEST;
  return hasChange(release, since) && !hasChange(release, until.replace(/^99$/, '1.99'));
}

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'from-kubeadm.md');
const FILE = '--config /etc/kubernetes/kubeadm.yaml';

/** What the document says that either does alike: each block of lines where nothing is but what the lines themselves do not make. */
function documentScripts() {
  const blocks = [...readFileSync(DOCUMENT, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)];
  return blocks
    .map(([, text]) => [...text.matchAll(/^kubeadm (.*)$/gm)].map(([, line]) => ({ line })))
    .filter((lines) => lines.length > 0)
    .map((lines, index) => {
      const has = (words) => lines.some(({ line }) => line.startsWith(words));
      const before = [
        ...(has('init phase certs') ? [] : [`init phase certs all ${FILE}`]),
        ...(has('init phase') ? [] : [`init phase kubeconfig all ${FILE}`]),
      ];
      return {
        id: `docs/from-kubeadm.md, ${index + 1}`,
        versions: 'newest',
        // The keys that kubeadm makes where it is told nothing, as it is where a line names no file.
        configuration: { cluster: { encryptionAlgorithm: 'RSA-2048' } },
        steps: [...before.map((line) => ({ line })), ...lines],
      };
    });
}

/** Commands whose flags are compared, and those of kubeadm that are refused with the reason (docs/from-kubeadm.md). */
const WORDS = [
  { command: 'init phase certs', refused: ['rootfs'] },
  { command: 'init phase kubeconfig', refused: ['rootfs'] },
  {
    command: 'certs',
    only: ['check-expiration', 'renew all', 'renew apiserver', 'generate-csr', 'certificate-key'],
    refused: ['rootfs', 'kubeconfig', 'allow-missing-template-keys', 'show-managed-fields'],
  },
  { command: 'kubeconfig', only: ['user'], refused: ['rootfs'] },
];
/** What every command here has besides; `v` and `vmodule` are taken without effect, and not shown. */
const OWN_FLAGS = ['output', 'debug', 'version', 'help', 'allow-early-clock'];
const HIDDEN = ['v', 'vmodule'];

const flagsIn = (help) => [...help.matchAll(/^ +(?:-\w, )?--([a-z][a-z-]*)/gm)].map(([, flag]) => flag);
/** The commands below one that its help text lists: kubeadm by their last word, we whole. */
const namesIn = (help, command) =>
  [...help.matchAll(new RegExp(`^ {2}(?:k8s-pki ${command} )?([a-z][a-z-]*) +[A-Za-z]`, 'gm'))]
    .map(([, name]) => name)
    .filter((name) => name !== 'kubeadm' && name !== 'k8s-pki');

function wordsOf(command, kubeadm) {
  const [theirs, ours] = [[kubeadm], OURS].map(([program, ...more]) =>
    run(program, [...more, ...command.split(' '), '--help']),
  );
  return { theirs: theirs.stdout, ours: ours.stdout };
}

/** What of the words below a command only one of the two has. */
function otherWords({ command, only, refused }, kubeadm) {
  const helps = wordsOf(command, kubeadm);
  const [their, our] = [helps.theirs, helps.ours].map((help) => namesIn(help, command).toSorted(inOrder));
  const names = only ?? their;
  const texts =
    only === undefined && !isDeepStrictEqual(their, our)
      ? [`${command}: kubeadm has ${their.join(', ')}, here there are ${our.join(', ')}`]
      : [];
  const flagTexts = names.flatMap((name) => {
    const { theirs, ours } = wordsOf(`${command} ${name}`, kubeadm);
    const [theirFlags, ourFlags] = [flagsIn(theirs), flagsIn(ours)];
    const missing = theirFlags.filter((flag) => ![...ourFlags, ...refused, ...HIDDEN].includes(flag));
    const more = ourFlags.filter((flag) => ![...theirFlags, ...OWN_FLAGS].includes(flag));
    return [
      ...missing.map((flag) => `${command} ${name} has no --${flag}`),
      ...(only === undefined ? more : []).map((flag) => `${command} ${name} has --${flag}, kubeadm has not`),
    ];
  });
  return { checks: 1 + names.length, failures: [...texts, ...flagTexts] };
}

const wordsCase = {
  id: `commands: the words of kubeadm ${NEWEST}`,
  needs: [`kubeadm-${NEWEST}`],
  run: async ({ program }) => {
    const results = WORDS.map((words) => otherWords(words, program(`kubeadm-${NEWEST}`)));
    return {
      checks: results.reduce((sum, { checks }) => sum + checks, 0),
      failures: results.flatMap(({ failures }) => failures),
    };
  },
};

const typedCases = Object.entries(ASKED).map(([version, shape]) => ({
  id: `commands: typed for kubeadm ${version} and here`,
  needs: [`kubeadm-${version}`],
  requires: [NAMESPACE],
  run: async ({ makeFolder, program }) => {
    const kubeadm = program(`kubeadm-${version}`);
    const scripts = [...SCRIPTS, ...documentScripts()].filter((script) => isAsked(script, version));
    const results = scripts.map((script) => runScript(script, { makeFolder, kubeadm, version, shape }));
    return {
      checks: scripts.flatMap(({ steps }) => steps).filter(({ line }) => line !== undefined).length,
      differences: new Set(results.flatMap(({ differences }) => [...differences])),
      failures: results.flatMap(({ failures }) => failures),
      note: `here ${shapeOf(shape)}`,
    };
  },
}));

export const cases = [wordsCase, ...typedCases];
