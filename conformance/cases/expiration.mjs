// `certs check-expiration` beside the real kubeadm's: text to the letter, JSON and YAML member for member, exit codes.
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateClusterPki, writeClusterPki } from '../../dist/index.js';
import { hasChange, parseKubernetesVersion } from '../../dist/table/versions.js';
import { pooledKeyPair } from '../keys.mjs';
import { layOut, runPhases } from '../kubeadm.mjs';
import { run, runOurs } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { optionsOf } from '../requests.mjs';

const REQUEST = { hostname: 'cp1', advertiseAddress: '192.0.2.10', keyAlgorithm: 'ECDSA-P256' };
const LEAVES = [
  'pki/apiserver.crt',
  'pki/apiserver-kubelet-client.crt',
  'pki/apiserver-etcd-client.crt',
  'pki/front-proxy-client.crt',
  'pki/etcd/server.crt',
  'pki/etcd/peer.crt',
  'pki/etcd/healthcheck-client.crt',
  'admin.conf',
  'super-admin.conf',
  'controller-manager.conf',
  'scheduler.conf',
];
const CAS = ['pki/ca', 'pki/front-proxy-ca', 'pki/etcd/ca'];
const DAY_MILLISECONDS = 86_400_000;

const since = (version, change) => hasChange(parseKubernetesVersion(version), change);
/** kubeadm.md 4.1: `-o` of this form came with 1.30; before 1.31 periods are told shorter (ShortHumanDuration). */
const hasForms = (version) => since(version, '1.30');
const tellsAsNow = (version) => since(version, '1.31');

const remove = (directory, ...paths) => {
  for (const path of paths) rmSync(join(directory, path), { force: true });
};

/** What is done to a tree, and what ours is told beside where it is, where the files that are left do not say it. */
const CHANGES = [
  { name: 'whole', change: () => {} },
  ...LEAVES.map((path) => ({ name: `without ${path}`, change: (directory) => remove(directory, path) })),
  { name: 'without all leaves', isTold: true, change: (directory) => remove(directory, ...LEAVES) },
  ...CAS.map((ca) => ({
    name: `without ${ca}.key`,
    change: (directory) => remove(directory, `${ca}.key`),
  })),
  {
    name: 'without CA keys',
    change: (directory) => remove(directory, ...CAS.map((ca) => `${ca}.key`)),
  },
  ...['pki/apiserver.crt', 'admin.conf'].flatMap((path) => [
    {
      name: `a directory in the place of ${path}`,
      change: (directory) => {
        remove(directory, path);
        mkdirSync(join(directory, path));
      },
    },
    {
      name: `a link to nothing in the place of ${path}`,
      change: (directory) => {
        remove(directory, path);
        symlinkSync('nothing', join(directory, path));
      },
    },
  ]),
  {
    name: 'a leaf with its CA behind it',
    change: (directory) => {
      const ca = readFileSync(join(directory, 'pki/ca.crt'), 'utf8');
      appendFileSync(join(directory, 'pki/apiserver.crt'), ca);
    },
  },
  {
    name: 'a CA with another behind it',
    change: (directory) => {
      const other = readFileSync(join(directory, 'pki/etcd/ca.crt'), 'utf8');
      appendFileSync(join(directory, 'pki/ca.crt'), other);
    },
  },
];

/** Where kubeadm gives up and shows nothing; ours shows what there is, and ends as it does. */
const ABORTS = [
  ...CAS.map((ca) => ({ name: `without ${ca}.crt`, change: (directory) => remove(directory, `${ca}.crt`) })),
  ...['pki/apiserver.crt', 'pki/front-proxy-ca.crt', 'scheduler.conf'].map((path) => ({
    name: `${path} full of something else`,
    change: (directory) => writeFileSync(join(directory, path), 'something else\n'),
  })),
  {
    name: 'a kubeconfig without a certificate',
    change: (directory) => {
      const path = join(directory, 'admin.conf');
      writeFileSync(path, readFileSync(path, 'utf8').replace(/client-certificate-data: .*/, 'token: abc'));
    },
  },
];

const withoutSeconds = (text) => text.replaceAll(/(residualTime"?: )-?\d+/g, '$1…');
const secondsOf = (text) =>
  [...text.matchAll(/residualTime"?: (-?\d+)/g)].map(([, seconds]) => Number(seconds));

/** Between the two a second or two go by. */
function isSameForm(theirs, ours) {
  const [before, after] = [secondsOf(theirs), secondsOf(ours)];
  return (
    withoutSeconds(theirs) === withoutSeconds(ours) &&
    before.every((seconds, index) => Math.abs(seconds - after[index]) <= 2)
  );
}

/** How often both are asked until they tell the same: a second, or a minute, may end between the two, and mostly does on a busy machine. */
const TURNS = 20;

function compare({ theirs, ours, form, isSame }) {
  let texts = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const [expected, found] = [theirs(form), ours(form)];
    if (isSame(expected.stdout, found.stdout) && expected.status === found.status) return [];
    texts = [`-o ${form}: ended with ${found.status}:\n${found.output}\n${expected.output}`];
  }
  return texts;
}

function runnersOf({ kubeadm, directory, config, told }) {
  const theirs = (form) =>
    run(kubeadm, [
      'certs',
      'check-expiration',
      ...config,
      // Releases that know no other form know no flag for it.
      ...(form === 'text' ? [] : ['-o', form]),
    ]);
  const ours = (form) => runOurs(['certs', 'check-expiration', directory, ...told, '-o', form]);
  return { theirs, ours };
}

function compareAll(runners, { version, isTextAlike }) {
  const isEqual = (a, b) => a === b;
  return [
    ...(isTextAlike ? compare({ ...runners, form: 'text', isSame: isEqual }) : []),
    ...(hasForms(version)
      ? ['json', 'yaml'].flatMap((form) => compare({ ...runners, form, isSame: isSameForm }))
      : []),
  ];
}

/** A tree of ours in the kubeadm profile, which adoption holds to be kubeadm's: made in the past where that is wanted. */
async function makeTree(directory, version, { at, ...request }) {
  const options = optionsOf({ ...REQUEST, ...request }, version);
  const now = at === undefined ? undefined : { now: at };
  const pki = await generateClusterPki({ ...options, ...now, generateKeyPair: pooledKeyPair });
  await writeClusterPki(pki, join(directory, 'pki'));
}

/** Ages and periods, so that each kind of residual time is told once: what is over, minutes, hours, days, years. */
const AGES = [
  { certValidity: '1h', at: -2 * DAY_MILLISECONDS },
  { certValidity: '1h', caValidity: '2h', at: -DAY_MILLISECONDS },
  { certValidity: '8m20s' },
  { certValidity: '101m' },
  { certValidity: '5h30m', caValidity: '10h' },
  { certValidity: '30h', caValidity: '5d' },
  { certValidity: '100d', caValidity: '500d' },
  { certValidity: '800d', caValidity: '7y' },
];

function versionCase(version) {
  const told = ['--profile', 'kubeadm', '--kubernetes-version', version];
  return {
    id: `expiration: kubeadm ${version}`,
    needs: [`kubeadm-${version}`],
    requires: ['root'],
    run: async ({ makeFolder, program }) => {
      const kubeadm = program(`kubeadm-${version}`);
      const failures = [];
      let checks = 0;
      const place = (request) => {
        const laid = layOut(makeFolder(), { request: { ...REQUEST, ...request }, version, isRoot: true });
        return { ...laid, kubeadm, told: [] };
      };
      const hold = (name, texts) => {
        checks += 1;
        failures.push(...texts.map((text) => `${name}: ${text}`));
      };

      const own = place({});
      runPhases(kubeadm, own);
      hold("kubeadm's own", compareAll(runnersOf(own), { version, isTextAlike: true }));
      for (const { name, change, isTold } of CHANGES) {
        const changed = place({});
        await makeTree(changed.directory, version, {});
        change(changed.directory);
        const runners = runnersOf({ ...changed, told: isTold ? told : [] });
        hold(name, compareAll(runners, { version, isTextAlike: true }));
      }
      const external = place({ externalEtcd: true });
      await makeTree(external.directory, version, { externalEtcd: true });
      hold('an external etcd', compareAll(runnersOf(external), { version, isTextAlike: true }));
      for (const { at, ...periods } of AGES) {
        const aged = place({});
        const past = at === undefined ? {} : { at: new Date(Date.now() + at) };
        await makeTree(aged.directory, version, { ...periods, ...past });
        const isTextAlike = tellsAsNow(version) || at !== undefined;
        hold(JSON.stringify(periods), compareAll(runnersOf(aged), { version, isTextAlike }));
      }
      for (const { name, change } of ABORTS) {
        const broken = place({});
        await makeTree(broken.directory, version, {});
        change(broken.directory);
        const { theirs, ours } = runnersOf(broken);
        const [expected, found] = [theirs('text'), ours('text')];
        const isAlike = expected.status === 1 && expected.stdout === '' && found.status === 1;
        const isShown = /^!MISSING! /m.test(found.stdout) && /^error: /m.test(found.output);
        hold(name, isAlike && isShown ? [] : [`${expected.output}\n${found.status}: ${found.output}`]);
      }
      return { checks, failures };
    },
  };
}

export const cases = KUBEADM_VERSIONS.map(versionCase);
