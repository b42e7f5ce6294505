// What the tables come to, without keys: for whatever can be asked for, and in which releases.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseClusterSpec } from '../dist/cluster/parse.js';
import { HOST_ROLES, PROFILES, resolveArguments, ROWS } from '../dist/index.js';
import { shownRows } from '../dist/report/table.js';
import { standingOf } from '../dist/resolve/hosts.js';
import { pathsOf } from '../dist/resolve/paths.js';
import { resolveBindings } from '../dist/resolve/rbac.js';
import { resolveRows } from '../dist/resolve/rows.js';
import { NEWEST_MINOR, OLDEST_MINOR } from '../dist/table/versions.js';
import { KUBEADM_VERSIONS } from './programs.mjs';

/** With something for every source of a name, and a different address for each. */
const REQUEST = {
  hostname: 'cp1',
  hostIp: ['192.0.2.10', '2001:db8::10'],
  apiserverAdvertiseAddress: '192.0.2.11',
  controlPlaneEndpoint: '198.51.100.1:8443',
  serviceCidr: ['10.32.0.0/16', 'fd00:10:96::/112'],
  apiserverCertExtraSans: ['198.51.100.7'],
  etcdServerCertExtraSans: ['198.51.100.8'],
  etcdPeerCertExtraSans: ['198.51.100.9'],
  keyAlgorithm: 'ECDSA-P256',
};
const SHAPES = [
  {},
  { controlPlaneEndpoint: undefined },
  { externalEtcd: true, etcdServerCertExtraSans: undefined, etcdPeerCertExtraSans: undefined },
  { rootCa: true },
  { rootCa: true, rootCaDir: '/media/vault' },
  { keyAlgorithm: 'RSA-2048' },
];
const MOST_PATCHES = 20;

const recorded = readdirSync(join(import.meta.dirname, '..', 'fixtures', 'kubeadm')).flatMap(
  (name) => /^v(\d+\.\d+\.\d+)/.exec(name)?.[1] ?? [],
);
const known = Array.from(
  { length: NEWEST_MINOR - OLDEST_MINOR + 1 },
  (_, index) => OLDEST_MINOR + index,
).flatMap((minor) => Array.from({ length: MOST_PATCHES + 1 }, (_, patch) => `1.${minor}.${patch}`));

const question = (options, more) => ({
  ...more,
  spec: parseClusterSpec({ ...REQUEST, ...options }, {}).spec,
});
const releaseQuestions = (release, isRecorded = false) =>
  [{}, { controlPlaneEndpoint: undefined, keyAlgorithm: 'RSA-2048' }].map((shape) =>
    question({ ...shape, profile: 'kubeadm', kubernetesVersion: release }, { release, isRecorded }),
  );

const anyRelease = PROFILES.flatMap((profile) => SHAPES.map((shape) => question({ ...shape, profile })));
const here = [
  ...KUBEADM_VERSIONS.flatMap((release) => releaseQuestions(release)),
  ...recorded.flatMap((release) => releaseQuestions(release, true)),
];
const elsewhere = known.flatMap((release) => releaseQuestions(release));

function answer({ spec, isRecorded }) {
  const pathOf = (path) => path;
  try {
    return JSON.stringify([
      resolveRows(spec),
      resolveArguments(spec, { pathOf }),
      resolveArguments(spec, { pathOf, keyless: ['ca'] }),
      // A tree does not say what was bound.
      isRecorded ? [] : resolveBindings(spec),
      shownRows(spec).map(({ per }) => per),
      ROWS.map((row) => HOST_ROLES.map((role) => pathsOf(row).map((path) => standingOf(row, path, role)))),
    ]);
  } catch (error) {
    return error.message;
  }
}

const right = new Map([...anyRelease, ...here, ...elsewhere].map((each) => [each, answer(each)]));
const changedOf = (questions) => questions.filter((each) => answer(each) !== right.get(each));

/**
 * What is other than it was when this module was loaded.
 *
 * @returns `isHere`: something that a case can see; `releases`: of kubeadm, those here where it is, or else those elsewhere.
 */
export function changesNow() {
  const changed = changedOf(here);
  const isHere = changed.length > 0 || changedOf(anyRelease).length > 0;
  const releases = (isHere ? changed : changedOf(elsewhere)).map(({ release }) => release);
  return { isHere, releases: [...new Set(releases)] };
}
