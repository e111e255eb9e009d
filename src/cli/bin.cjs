#!/usr/bin/env node
/*
 * The `tallystick` command. With a Node that is new enough it loads the program; with an older one it
 * runs itself again with the Node that the lockfile brings. Old syntax, as in preflight.cjs.
 */
'use strict';

var fs = require('fs');
var path = require('path');
var preflight = require('./preflight.cjs');

var node = preflight.prepare(false);
if (node === process.execPath) load();
else runAgain(node);

/** The sources in a clone, one file in a package (src/build/command.ts). */
function load() {
  // What is compiled (and, in a clone, stripped of its types) is kept for the next command: a tenth of a second each time.
  var enable = require('module').enableCompileCache;
  if (enable) enable();
  var bundle = path.join(__dirname, 'main.cjs');
  (fs.existsSync(bundle) ? Promise.resolve(bundle).then(require) : import('./main.ts'))
    .then(function (program) {
      return program.main();
    })
    .catch(function (error) {
      // What a bug says may hold texts of others: they are printed clean, as everywhere (bytes/printable.ts).
      var text = String((error && error.stack) || error);
      process.stderr.write(text.replace(/[^\x20-\x7e\n]/g, '?') + '\n');
      process.exit(1);
    });
}

/** Passes every signal on, the second one too (it forces an end), and ends as the child ended. */
function runAgain(other) {
  var child = require('child_process').spawn(other, [__filename].concat(process.argv.slice(2)), {
    stdio: 'inherit',
    // A group of its own: Ctrl-C and `kill %1` reach whole groups, and the child would get each twice.
    detached: process.platform !== 'win32',
  });
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  var forward = function (signal) {
    child.kill(signal);
  };
  signals.forEach(function (signal) {
    process.on(signal, forward);
  });
  child.on('error', function (error) {
    process.stderr.write('error: config-invalid: cannot run ' + other + ': ' + error.message + '\n');
    process.exit(78);
  });
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code);
    process.removeListener(signal, forward);
    process.kill(process.pid, signal);
  });
}
