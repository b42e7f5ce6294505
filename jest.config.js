/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // A bound against hanging, not a measurement: real processes and RSA keys take their time on a busy machine.
  testTimeout: 300_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Sources are ESM; the tests run them as CommonJS, because jest's own ES modules break reflect-metadata.
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  reporters: ['default', '<rootDir>/test/support/oracle-reporter.cjs'],
};
