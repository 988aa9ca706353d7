// Loads a program, so that one that cannot even be loaded says why: too few open files, no memory, a
// file that is missing. It imports nothing, since then there may be nothing to import with.

const TEMPORARY = 75;
const CONFIGURATION = 78;

/** Node's own exit code for an end with an `await` that nothing can settle any more. */
const UNSETTLED = 13;

/**
 * @param {() => Promise<unknown>} load imports the program's main module, which runs it
 * @returns {Promise<void>}
 */
export async function start(load) {
  process.on("exit", sayUnfinished);
  // Of what is loaded beside; the program takes their place when it runs.
  process.on("uncaughtException", giveUp);
  process.on("unhandledRejection", giveUp);
  try {
    await load();
  } catch (error) {
    giveUp(error);
  }
  process.off("exit", sayUnfinished);
}

function giveUp(error) {
  process.off("exit", sayUnfinished);
  const { exit, hint } = meaningOf(error);
  const said = error instanceof Error ? error.message : String(error);
  process.stderr.write(`forklift: cannot start: ${said}\n  next: ${hint}\n`);
  process.exit(exit);
}

function meaningOf(error) {
  const code = error?.code;
  if (code === "EMFILE") {
    return { exit: CONFIGURATION, hint: "raise the limit of open files: ulimit -n 1024" };
  }
  if (code === "ENFILE" || code === "EAGAIN" || code === "ENOMEM") {
    return {
      exit: TEMPORARY,
      hint: "end what uses up the machine, then run the same command again",
    };
  }
  if (error instanceof RangeError) {
    return {
      exit: CONFIGURATION,
      hint: "give the process more memory: the container's limit, or ulimit -v",
    };
  }
  return {
    exit: CONFIGURATION,
    hint:
      "install forklift again, one of its files is missing or broken; or raise the limit of open files: " +
      "ulimit -n 1024",
  };
}

/**
 * Node ends a process that waits for nothing any more, whatever was still to be done. Whoever ends it with an
 * exit code, such as for a signal, has said why.
 */
function sayUnfinished() {
  const { exitCode } = process;
  if (exitCode !== undefined && exitCode !== UNSETTLED) return;
  process.stderr.write(
    "forklift: ended before its work was done: what it waited for is gone\n" +
      "  next: run the same command again; please report it when it happens twice\n",
  );
  process.exitCode = TEMPORARY;
}
