// Node 24 strips the types itself, so tests run the sources as they are; imports end in .ts.
const project = (displayName, root, more = {}) => ({
  displayName,
  roots: [`<rootDir>/test/${root}`],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  ...more,
});

export default {
  projects: [
    project('unit', 'unit'),
    project('servers', 'servers'),
    project('action', 'action'),
    project('kubernetes', 'kubernetes'),
    project('e2e', 'e2e'),
    project('chaos', 'chaos'),
  ],
  // Ends a test that hangs. Whatever is waited for has a deadline of its own; on a busy machine all of it takes longer.
  testTimeout: 300_000,
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  reporters: ['default', '<rootDir>/test/support/no-skips.mjs'],
};
