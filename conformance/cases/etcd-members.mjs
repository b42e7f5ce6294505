// Three etcd members of three hosts below one etcd CA: one is killed and another joins, and the API server goes on.
import {
  CONTROL_PLANE_PROGRAMS,
  createHost,
  createHosts,
  sharedBy,
  startApiServer,
} from '../control-plane.mjs';
import { createLedger } from '../ledger.mjs';
import { NAMESPACE } from '../namespace.mjs';
import { mustRun } from '../processes.mjs';
import { ETCD_VERSION } from '../programs.mjs';

async function replaceMember(context, options, hosts, ledger) {
  const { program } = context;
  const [first, second, third] = hosts;
  const etcdctl = (endpoints, args) => {
    const urls = endpoints.map(({ address }) => `https://${address}:2379`).join(',');
    const call = [...first.argumentsOf('etcdctl'), `--endpoints=${urls}`, ...args];
    return mustRun(program(`etcdctl-${ETCD_VERSION}`), call).stdout;
  };
  let written = 0;
  /** The API server writes to etcd, and reads it back. */
  const writes = () => {
    written += 1;
    first.kubectl('admin.conf', ['create', 'configmap', `proof-${written}`, `--from-literal=n=${written}`]);
    const get = ['get', 'configmap', `proof-${written}`, '-o', 'jsonpath={.data.n}'];
    return first.kubectl('admin.conf', get) === String(written);
  };
  /** A write may meet the election of another leader. */
  const goesOn = (after) =>
    first.daemons.waitFor(`a write after ${after}`, () => {
      try {
        return writes();
      } catch {
        return false;
      }
    });

  for (const host of hosts) host.startEtcd(hosts);
  await startApiServer(first, { etcd: hosts.map(({ address }) => address) });
  first.grant();
  ledger.expect('a write with three members', writes(), true);

  await third.stop();
  ledger.expect('a write after one was killed', await goesOn('one was killed'), true);

  const members = etcdctl([first, second], ['member', 'list']).split('\n');
  const [id] = members.find((line) => line.includes(`, ${third.name},`)).split(',');
  etcdctl([first, second], ['member', 'remove', id]);
  const fourth = createHost(context, { ...options, index: 2, name: 'cp4', shared: sharedBy(first) });
  hosts.push(fourth);
  const add = ['member', 'add', fourth.name, `--peer-urls=https://${fourth.address}:2380`];
  await first.daemons.waitFor('another member to be added', () => {
    try {
      return etcdctl([first, second], add) !== '';
    } catch {
      // Not while a member that was just removed counts as unhealthy.
      return false;
    }
  });
  fourth.startEtcd([first, second, fourth], 'existing');
  await fourth.daemons.waitFor('the fourth to be healthy', () => {
    try {
      return etcdctl([fourth], ['endpoint', 'health']) !== '';
    } catch {
      return false;
    }
  });

  // Of two that are left, the one that joined is needed.
  await second.stop();
  ledger.expect('a write with the one that joined', await goesOn('the other was killed'), true);
}

export const cases = [
  { profile: 'requirements', algorithm: 'RSA-2048' },
  { profile: 'hardened', algorithm: 'ECDSA-P256' },
].map((options) => ({
  id: `etcd members: ${options.profile}, ${options.algorithm}`,
  needs: [...CONTROL_PLANE_PROGRAMS, `etcdctl-${ETCD_VERSION}`],
  requires: [NAMESPACE],
  run: async (context) => {
    const ledger = createLedger();
    const hosts = createHosts(context, options);
    try {
      await replaceMember(context, options, hosts, ledger);
      return ledger.outcome();
    } finally {
      await Promise.all(hosts.map(({ stop }) => stop()));
    }
  },
}));
