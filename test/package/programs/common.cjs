// As many programs still load a package.
const { generateClusterPki, PkiError, ROWS } = require('k8s-pki');

async function main() {
  const { files } = await generateClusterPki({
    hostIp: '192.0.2.10',
    hostname: 'cp1',
    keyAlgorithm: 'Ed25519',
  });
  const error = await generateClusterPki({}).catch((thrown) => thrown);
  console.log(
    JSON.stringify({ files: files.length, rows: ROWS.length, isPkiError: error instanceof PkiError }),
  );
}

void main();
