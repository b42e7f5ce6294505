// A control plane of three hosts serves a steady stream of requests while each host is renewed and then issued anew, and while
// what the reload plan says is done, step by step: nothing fails but what it announces.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { auditArguments, shownBy } from '../audit.mjs';
import { startBalancer } from '../balancer.mjs';
import {
  CONTROL_PLANE_PROGRAMS,
  CONTROLLER_MANAGER_ARGUMENTS,
  createHosts,
  credentialsOf,
  startApiServer,
} from '../control-plane.mjs';
import { ask, fingerprintOf } from '../https.mjs';
import { createLedger } from '../ledger.mjs';
import { startLoad } from '../load.mjs';
import { GUEST_ADDRESS, NAMESPACE } from '../namespace.mjs';
import { mustRun, mustRunOurs, run, runOurs } from '../processes.mjs';
import { ETCD_VERSION } from '../programs.mjs';

const PORT = 6443;
/** What stands before the API servers once the hosts are issued anew; the API server of that host has its port on all addresses. */
const BALANCER = { host: GUEST_ADDRESS, port: 8443 };
const ENDPOINT = `${BALANCER.host}:${BALANCER.port}`;
/** Who is to be restarted where its kubeconfig is replaced: how that is done, and where it listens. */
const CLIENTS = {
  'kube-controller-manager': {
    port: 10257,
    args: CONTROLLER_MANAGER_ARGUMENTS,
    file: 'controller-manager.conf',
  },
  'kube-scheduler': { port: 10259, args: [], file: 'scheduler.conf' },
};
const userOf = (component) => `system:${component}`;
/** How long a plan is not followed: each of the clients asks the API server every two seconds. */
const UNFOLLOWED_MS = 15_000;
/** Until what is taken up without a restart is seen. */
const TAKEN_UP_SECONDS = 10;
/** A stream that is served has far more. */
const LEAST_REQUESTS = 50;

const CONFIG_MAP = '/api/v1/namespaces/default/configmaps/load';

async function startHosts(hosts) {
  for (const host of hosts) host.startEtcd(hosts);
  const etcd = hosts.map(({ address }) => address);
  for (const host of hosts) {
    const { log, args } = auditArguments(host.folder, Object.keys(CLIENTS).map(userOf));
    await startApiServer(host, { etcd, args });
    for (const [component, { args: own }] of Object.entries(CLIENTS)) host.start(component, own);
    host.log = log;
  }
  const [first] = hosts;
  first.grant();
  first.kubectl('admin.conf', ['create', 'configmap', 'load', '--from-literal=count=0']);
  for (const host of hosts) for (const component of Object.keys(CLIENTS)) await untilHealthy(host, component);
}

const healthOf = ({ address }, component) => `https://${address}:${CLIENTS[component].port}/healthz`;

const untilHealthy = (host, component) =>
  host.daemons.waitFor(`${component} to be healthy`, async () => {
    const { status } = await ask({ url: healthOf(host, component) });
    return status === 200;
  });

/**
 * What is asked all the time, by whoever holds the credentials from before: of each API server by connections of their own and
 * by one that stays, of one of them writes, and of each etcd, controller manager and scheduler.
 */
function streamsOf(hosts) {
  const [{ conf, at, trust }] = hosts;
  const { cert, key } = credentialsOf(conf('admin.conf'));
  const admin = { ca: trust, cert, key };
  const [member, memberKey, etcdTrust] = [
    'etcd/healthcheck-client.crt',
    'etcd/healthcheck-client.key',
    'etcd/ca.crt',
  ].map((path) => readFileSync(at(path), 'utf8'));
  return hosts.flatMap((host, index) => {
    const { name, address } = host;
    const server = `https://${address}:${PORT}`;
    const write = { url: `${server}${CONFIG_MAP}`, method: 'PATCH', body: { data: { count: 'COUNT' } } };
    const headers = { 'Content-Type': 'application/merge-patch+json' };
    return [
      { ...admin, component: 'kube-apiserver', what: 'reads', url: `${server}${CONFIG_MAP}` },
      {
        ...admin,
        component: 'kube-apiserver',
        what: 'reads over one connection',
        url: `${server}${CONFIG_MAP}`,
        keepsConnection: true,
      },
      ...(index === 0 ? [{ ...admin, component: 'kube-apiserver', what: 'writes', ...write, headers }] : []),
      {
        component: 'etcd',
        what: 'health',
        url: `https://${address}:2379/health`,
        ca: etcdTrust,
        cert: member,
        key: memberKey,
      },
      ...Object.keys(CLIENTS).map((component) => ({
        component,
        what: 'health',
        url: healthOf(host, component),
      })),
    ].map((stream) => ({ ...stream, host: name, name: `${name} ${stream.component}: ${stream.what}` }));
  });
}

/** Where the file of an argument is shown to whoever connects. */
const LISTENERS = {
  etcd: { '--cert-file': 2379, '--peer-cert-file': 2380 },
  'kube-apiserver': { '--tls-cert-file': PORT },
};

/** Nothing is done, and what is replaced is shown all the same. */
async function awaitTakingUp(host, { component, flags }, { first, ledger }) {
  // etcd lets in a peer from where its certificate says: this is the first host.
  const [cert, key] = ['crt', 'key'].map((ending) => readFileSync(first.at(`etcd/peer.${ending}`), 'utf8'));
  for (const flag of flags.filter((one) => one in (LISTENERS[component] ?? {}))) {
    const [, file] = host
      .argumentsOf(component)
      .map((argument) => argument.split('='))
      .find(([name]) => name === flag);
    const url = `https://${host.address}:${LISTENERS[component][flag]}/`;
    const wanted = fingerprintOf(readFileSync(file));
    const isShown = async () => (await ask({ url, cert, key })).shown === wanted;
    const found = await host.daemons.waitFor(`${component} to show its ${flag}`, isShown, TAKEN_UP_SECONDS);
    ledger.expect(`${host.name} ${component} shows its ${flag}`, found, true);
  }
}

const ownFingerprint = ({ conf }, component) =>
  fingerprintOf(credentialsOf(conf(CLIENTS[component].file)).cert);

/** Returns what this announced: that whoever asks this component may be turned away from one moment to another. */
async function restart(host, { component }, { ledger }) {
  const from = Date.now();
  await host.daemons.stop(component);
  host.start(component, CLIENTS[component].args);
  await untilHealthy(host, component);
  const until = Date.now();
  const shown = await host.daemons.waitFor(`${component} to ask the API server`, () => {
    const found = shownBy(host.log, userOf(component), until);
    return found.length > 0 && found;
  });
  ledger.expect(`${host.name} ${component} shows its new credential`, shown, [
    ownFingerprint(host, component),
  ]);
  return { host: host.name, component, from, until };
}

function etcdctlCall(host, program) {
  const endpoint = `--endpoints=https://${host.address}:2379`;
  const call = [...host.argumentsOf('etcdctl'), endpoint, 'endpoint', 'health'];
  return [program(`etcdctl-${ETCD_VERSION}`), call];
}

/** A program that reads its files each time. */
function runEtcdctl(host, _, { program, ledger }) {
  ledger.expectMatch(`${host.name} etcdctl`, mustRun(...etcdctlCall(host, program)).output, /is healthy/);
}

const FOLLOWING = { itself: awaitTakingUp, restart, eachRun: runEtcdctl };

/** Does what the plan says and nothing else. Returns what failing it announces. */
async function follow({ steps }, host, means) {
  const announced = [];
  // There is no kubelet on these hosts.
  for (const step of steps.filter(({ component }) => component !== 'kubelet')) {
    const window = await FOLLOWING[step.effect](host, step, means);
    if (window !== undefined) announced.push(window);
  }
  return announced;
}

/** While nobody does what the plan says: who is to be restarted shows what it showed. */
async function leaveUndone(host, { steps }, before, ledger) {
  const since = Date.now();
  await delay(UNFOLLOWED_MS);
  const left = steps.filter(({ effect, component }) => effect === 'restart' && component in CLIENTS);
  ledger.expect(
    'who is to be restarted',
    left.map(({ component }) => component),
    Object.keys(CLIENTS),
  );
  for (const { component } of left)
    ledger.expect(
      `${host.name} ${component}, which was not restarted, shows`,
      shownBy(host.log, userOf(component), since),
      [before[component]],
    );
}

/** What a command of ours replaces on one host after the other, and what its plan says to do then. */
async function change(hosts, argumentsFor, means) {
  const announced = [];
  for (const [index, host] of hosts.entries()) {
    const before = Object.fromEntries(
      Object.keys(CLIENTS).map((component) => [component, ownFingerprint(host, component)]),
    );
    const { reload } = JSON.parse(mustRunOurs([...argumentsFor(host), '-o', 'json']).stdout);
    if (index === 0) await leaveUndone(host, reload, before, means.ledger);
    announced.push(...(await follow(reload, host, means)));
  }
  return announced;
}

/** Whether a request was under way while what it was for was restarted. */
const isAnnounced = ({ from, until }, { host, component }, announced) =>
  announced.some(
    (window) =>
      window.host === host && window.component === component && from <= window.until && until >= window.from,
  );

function judge(records, { streams, announced, ledger }) {
  const failed = records.filter(({ wrong }) => wrong !== undefined);
  const streamOf = ({ stream }) => streams.find(({ name }) => name === stream);
  const unannounced = failed.filter((record) => !isAnnounced(record, streamOf(record), announced));
  const toText = ({ stream, from, wrong }) => `${new Date(from).toISOString()} ${stream}: ${wrong}`;
  ledger.expect('failed and were not announced', unannounced.map(toText), []);
  for (const stream of streams) {
    const own = records.filter(({ stream: name }) => name === stream.name);
    ledger.expect(`${stream.name}: at least ${LEAST_REQUESTS}`, own.length >= LEAST_REQUESTS, true);
    // That a stream notices, is seen where something is announced.
    const isRestarted = stream.component in CLIENTS;
    ledger.expect(
      `${stream.name}: some fail`,
      own.some(({ wrong }) => wrong !== undefined),
      isRestarted,
    );
    if (!stream.keepsConnection) continue;
    ledger.expect(`${stream.name}: connections`, own.filter(({ isReused }) => !isReused).length, 1);
    ledger.expect(`${stream.name}: certificates`, new Set(own.map(({ shown }) => shown)).size, 1);
  }
  const counts = [
    `${records.length} requests in ${streams.length} streams`,
    `${unannounced.length} failed`,
    `${failed.length - unannounced.length} were turned away in ${announced.length} announced restarts`,
    `the slowest took ${Math.max(...records.map(({ from, until }) => until - from))} ms`,
  ];
  return counts.join(', ');
}

/** The number of the last write that was confirmed is what is read. */
function checkWrites(host, records, ledger) {
  const writes = records.filter(({ stream }) => stream.endsWith(': writes'));
  const read = host.kubectl('admin.conf', ['get', 'configmap', 'load', '-o', 'jsonpath={.data.count}']);
  ledger.expect('the last write', read, String(writes.length));
}

async function renewUnderLoad({ program }, hosts, { load, algorithm, ledger }) {
  const [first] = hosts;
  await startHosts(hosts);
  const streams = streamsOf(hosts);
  load.add(streams);
  const means = { first, program, ledger };
  const renewal = ({ certDir }) => ['certs', 'renew', 'all', '--cert-dir', certDir];
  const announced = await change(hosts, renewal, means);
  ledger.expectMatch('the new admin.conf', first.kubectl('admin.conf', ['auth', 'can-i', '*', '*']), /^yes$/);

  const balanced = {
    ...streams[0],
    host: 'balancer',
    name: 'balancer: reads',
    url: `https://${ENDPOINT}${CONFIG_MAP}`,
  };
  const early = await ask(balanced);
  ledger.expectMatch('the endpoint before it is in the certificates', early.refusal ?? '', /altnames/);
  const otherwise = ['--control-plane-endpoint', ENDPOINT, '--key-algorithm', algorithm];
  const reissue = ({ request }) => ['init', '--reissue', ...request, ...otherwise];
  announced.push(...(await change(hosts, reissue, means)));
  const { server } = credentialsOf(first.conf('admin.conf'));
  ledger.expect('the server of admin.conf', server, `https://${ENDPOINT}`);
  load.add([balanced]);
  await first.daemons.waitFor(
    'the endpoint to be used',
    () => first.kubectl('admin.conf', ['get', 'nodes']) === '',
  );
  await delay(UNFOLLOWED_MS);

  const records = await load.stop();
  checkWrites(first, records, ledger);
  await restartMember(hosts, means);
  return judge(records, { streams: [...streams, balanced], announced, ledger });
}

/** The other members take one back that starts with what lies there now. */
async function restartMember(hosts, { program, ledger }) {
  const last = hosts.at(-1);
  await last.daemons.stop('etcd');
  last.startEtcd(hosts, 'existing');
  const isHealthy = await last.daemons.waitFor(
    'the member to be healthy',
    () => run(...etcdctlCall(last, program)).status === 0,
  );
  ledger.expect('a member that is restarted', isHealthy, true);
}

/** What `verify --live` says of the first host, where all that is shown is what lies there. */
function checkShown({ folder }, ledger) {
  const { findings } = JSON.parse(runOurs(['verify', folder, '--live', '-o', 'json']).stdout);
  const differing = findings.filter(({ code }) => code === 'served-differs');
  ledger.expect('what is shown and does not lie there', differing, []);
}

export const cases = [
  { profile: 'requirements', algorithm: 'RSA-2048', next: 'ECDSA-P256' },
  { profile: 'hardened', algorithm: 'ECDSA-P256', next: 'ECDSA-P384' },
].map(({ next, ...options }) => ({
  id: `renewal under load: ${options.profile}, ${options.algorithm}, then ${next}`,
  needs: [...CONTROL_PLANE_PROGRAMS, `etcdctl-${ETCD_VERSION}`],
  requires: [NAMESPACE],
  waits: true,
  run: async (context) => {
    const ledger = createLedger();
    const hosts = createHosts(context, options);
    const load = startLoad();
    const servers = hosts.map(({ address }) => ({ host: address, port: PORT }));
    const endBalancer = await startBalancer({ listen: BALANCER, servers });
    try {
      const note = await renewUnderLoad(context, hosts, { load, algorithm: next, ledger });
      checkShown(hosts[0], ledger);
      return { ...ledger.outcome(), note };
    } finally {
      await Promise.all([load.end(), endBalancer(), ...hosts.map(({ stop }) => stop())]);
    }
  },
}));
