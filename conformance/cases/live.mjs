// `verify --live` on components that run: what they show is what is on disk, and where it is not, that is seen.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CONTROL_PLANE_PROGRAMS, withControlPlane } from '../control-plane.mjs';
import { createLedger } from '../ledger.mjs';
import { NAMESPACE } from '../namespace.mjs';
import { mustRunOurs, runOurs } from '../processes.mjs';

/** What `verify --live` says of a folder: its findings as `code listener`, and what came of asking, by address. */
function ask(folder) {
  const { stdout } = runOurs(['verify', folder, '--live', '-o', 'json']);
  const { findings, served } = JSON.parse(stdout);
  return {
    findings: findings.map(({ code, path }) => `${code} ${path}`),
    served: Object.fromEntries(served.map(({ name, address, outcome }) => [`${name} ${address}`, outcome])),
  };
}

function checkRunning(host, ledger) {
  const { findings, served } = ask(host.folder);
  ledger.expect('who shows a certificate', served, {
    [`kube-apiserver ${host.address}:6443`]: 'served',
    [`etcd ${host.address}:2379`]: 'served',
    'etcd 127.0.0.1:2379': 'served',
    [`etcd-peer ${host.address}:2380`]: 'served',
    [`kubelet ${host.address}:10250`]: 'unreachable',
    'kube-controller-manager 127.0.0.1:10257': 'served',
    'kube-scheduler 127.0.0.1:10259': 'served',
  });
  ledger.expect('what is found', findings, [
    `listener-silent kubelet://${host.address}:10250`,
    'served-self-signed kube-controller-manager://127.0.0.1:10257',
    'served-self-signed kube-scheduler://127.0.0.1:10259',
  ]);
}

/** The same cluster with a younger certificate on disk than the API server and etcd have loaded. */
function checkRenewed(host, folder, profile, ledger) {
  cpSync(host.folder, folder, {
    recursive: true,
    filter: (path) => !path.startsWith(join(host.folder, 'etcd')),
  });
  const names = ['apiserver', 'etcd/server'].flatMap((name) => [`${name}.crt`, `${name}.key`]);
  for (const name of names) rmSync(join(folder, 'pki', name));
  const request = ['--host-ip', host.address, '--hostname', host.name, '--key-algorithm', 'ECDSA-P256'];
  mustRunOurs(['init', '--cert-dir', join(folder, 'pki'), '--profile', profile, ...request]);
  const differing = ask(folder).findings.filter((finding) => finding.startsWith('served-differs'));
  ledger.expect('what was renewed and is not shown', differing, [
    `served-differs kube-apiserver://${host.address}:6443`,
    `served-differs etcd://${host.address}:2379`,
    'served-differs etcd://127.0.0.1:2379',
  ]);
}

export const cases = ['requirements', 'hardened'].map((profile) => ({
  id: `live: verify --live, ${profile}`,
  needs: CONTROL_PLANE_PROGRAMS,
  requires: [NAMESPACE],
  run: (context) =>
    withControlPlane(context, { profile, algorithm: 'ECDSA-P256' }, async (host) => {
      const ledger = createLedger();
      await host.daemons.waitFor('everybody to listen', async () => {
        const { served } = ask(host.folder);
        return Object.entries(served).every(
          ([name, outcome]) => outcome === 'served' || name.startsWith('kubelet'),
        );
      });
      checkRunning(host, ledger);
      checkRenewed(host, context.makeFolder(), profile, ledger);
      return ledger.outcome();
    }),
}));
