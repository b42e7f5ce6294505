// An extension server at the guest's address: its certificate, and the objects by which the API server knows it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GUEST_ADDRESS } from './namespace.mjs';
import { mustRun } from './processes.mjs';

const NAME = 'extension.default.svc';

/** A certificate of its own making, and its key. */
export function makeExtensionPair(folder) {
  const [certificate, key] = ['extension.crt', 'extension.key'].map((file) => join(folder, file));
  const newKey = `-nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout ${key}`;
  const subject = `-subj /CN=${NAME} -addext subjectAltName=DNS:${NAME}`;
  mustRun('openssl', `req -x509 ${newKey} ${subject} -out ${certificate}`.split(' '));
  return { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

/** @param options `group`: the API group that it serves; `port`; `caBundle`: what verifies it (PEM). */
export function registerExtension({ kubectl }, { group, port, caBundle }) {
  const metadata = { name: 'extension', namespace: 'default' };
  const labels = { 'kubernetes.io/service-name': 'extension' };
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { ports: [{ name: 'https', port: 443, targetPort: port }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels },
      addressType: 'IPv4',
      ports: [{ name: 'https', port }],
      endpoints: [{ addresses: [GUEST_ADDRESS], conditions: { ready: true } }],
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `v1.${group}` },
      spec: {
        group,
        version: 'v1',
        service: metadata,
        caBundle: Buffer.from(caBundle).toString('base64'),
        groupPriorityMinimum: 1000,
        versionPriority: 10,
      },
    },
  ];
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  kubectl('admin.conf', ['create', '-f', '-'], { input: JSON.stringify(list) });
}
