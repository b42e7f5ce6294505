// The real kubeadm, asked for a whole PKI.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './processes.mjs';
import { kubeadmConfigOf, kubeadmFlagsOf } from './requests.mjs';

/** Where everything lies below `folder`, as below a host's own root. */
export const KUBERNETES_DIR = 'etc/kubernetes';

/** A folder in which kubeadm finds the request as configuration, and with `--rootfs` takes it for the host's root. */
export function layOut(folder, { request, version, isRoot = false, certificatesDir }) {
  const directory = join(folder, KUBERNETES_DIR);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const base = isRoot ? `/${KUBERNETES_DIR}` : directory;
  writeFileSync(
    join(folder, 'kubeadm.yaml'),
    kubeadmConfigOf(request, { version, certificatesDir: certificatesDir ?? `${base}/pki` }),
  );
  const rootfs = isRoot ? ['--rootfs', folder] : [];
  const config = ['--config', isRoot ? '/kubeadm.yaml' : join(folder, 'kubeadm.yaml'), ...rootfs];
  return {
    directory,
    config,
    flags: { certs: config, kubeconfig: [...config, '--kubeconfig-dir', base] },
  };
}

/** A folder for which kubeadm is asked by flags in place of a configuration. */
export function layOutByFlags(folder, { request, version }) {
  const directory = join(folder, KUBERNETES_DIR);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  return { directory, flags: kubeadmFlagsOf(request, { version, directory }) };
}

/** Both phases that write a PKI. Returns when each began, in milliseconds: kubeadm dates certificates by that. */
export function runPhases(kubeadm, { flags }) {
  const certificates = Date.now();
  mustRun(kubeadm, ['init', 'phase', 'certs', 'all', ...flags.certs]);
  const kubeconfigs = Date.now();
  mustRun(kubeadm, ['init', 'phase', 'kubeconfig', 'all', ...flags.kubeconfig]);
  return { certificates, kubeconfigs };
}
