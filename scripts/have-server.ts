import { haveCompiler, haveServer } from '../demo/install.ts';

// Before the tests: a server to test with, and what builds the module that it is tested with; installed where there is none.
if (!haveServer() || !haveCompiler()) process.exitCode = 1;
