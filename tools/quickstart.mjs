// The main job on real input: a whole PKI in ./out, then what openssl says of every certificate in it.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const pki = join('out', 'pki');
const command = ['init', '--host-ip', '192.0.2.10', '--hostname', 'cp1', '--cert-dir', `./${pki}`];
console.log(`$ npx k8s-pki ${command.join(' ')}`);
const init = spawnSync(process.execPath, ['dist/cli.js', ...command], { stdio: 'inherit' });
if (init.status !== 0) process.exit(init.status ?? 1);

const folders = ['', 'etcd'].map((name) => join(pki, name)).filter((path) => existsSync(path));
const certificates = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.crt'))
    .map((name) => join(folder, name)),
);
const authorities = certificates.filter((path) => path.endsWith('ca.crt'));
console.log('\n$ openssl verify -x509_strict …');
for (const path of certificates) {
  const tried = authorities.map((authority) =>
    spawnSync('openssl', ['verify', '-x509_strict', '-CAfile', authority, path], { encoding: 'utf8' }),
  );
  const passed = tried.findIndex((result) => result.status === 0);
  if (passed < 0) {
    console.error(tried.map((result) => result.stderr).join(''));
    process.exit(1);
  }
  console.log(`${path}: OK by ${authorities[passed]}`);
}

console.log(`\n$ openssl x509 -in ${pki}/apiserver.crt -noout -ext subjectAltName`);
const shown = ['x509', '-in', join(pki, 'apiserver.crt'), '-noout', '-ext', 'subjectAltName'];
process.stdout.write(execFileSync('openssl', shown, { encoding: 'utf8' }));
