// A tar archive by hand (POSIX.1-2017 pax, ustar): the same bytes for the same files.

const octal = (number, length) => `${number.toString(8).padStart(length - 1, '0')}\0`;

/** A header of files that belong to root. */
function headerOf(path, { length }) {
  const header = Buffer.alloc(512);
  const mode = /\.(?:key|conf)$/.test(path) ? 0o600 : 0o644;
  const fields = [
    [0, path],
    [100, octal(mode, 8)],
    [108, octal(0, 8)],
    [116, octal(0, 8)],
    [124, octal(length, 12)],
    [136, octal(0, 12)],
    [148, ' '.repeat(8)],
    [156, '0'],
    [257, 'ustar\u000000'],
  ];
  for (const [at, text] of fields) header.write(text, at, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 7)} `, 148, 'latin1');
  return header;
}

/** An archive of files, each as path and text; a path may be there twice. */
export function tarOf(files) {
  const parts = files.flatMap(([path, text]) => {
    const contents = Buffer.from(text);
    return [headerOf(path, contents), contents, Buffer.alloc((512 - (contents.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}
