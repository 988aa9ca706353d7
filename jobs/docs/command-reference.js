// The reference of all commands as a page, made from the commands themselves: usage, options, defaults, and
// what the exit codes mean.

import { EXIT } from "@forklift/pipeline";

/** What each exit code means to whoever runs a command, and whether running it again may help. */
const MEANING = {
  ok: ["done, or nothing to do", "–"],
  verificationFailed: ["the replay or the verification found a difference", "no"],
  usage: ["wrong command line", "no"],
  sourceData: ["wrong data: a dump, a block file, a gap in the source, a checkpoint, a set", "no"],
  bug: ["a fault of forklift", "no"],
  tryAgain: ["something needed is away, a lock is held, or a signal asked to stop", "yes"],
  config: [
    "wrong configuration: URLs swapped, another network, credentials, a missing right",
    "no",
  ],
};

/** The whole page, of the program that commander has built. */
export function commandReference(program) {
  const commands = commandsBelow(program);
  const shared = sharedOptions(commands);
  return `${[
    "# Commands",
    "Made from the commands by `npm run docs:commands`; do not edit it. `forklift COMMAND --help` says the same.",
    table(["command", "what it does"], commands.map(linkOf)),
    "## Exit codes",
    "Every command ends with one of these. The message on stderr says what was found and, after `next:`, what to do" +
      " ([runbook](../RUNBOOK.md)).",
    table(["code", "meaning", "run again"], exitCodes()),
    "## Options of every command",
    optionTable([...shared.values(), helpOption(program)]),
    ...commands.flatMap((command) => sectionOf(command, shared)),
  ].join("\n\n")}\n`;
}

/** Those that do something, in the order of the help: a group of commands only prints their list. */
function commandsBelow(command) {
  return command.commands.flatMap((inner) =>
    inner.commands.length > 0 ? commandsBelow(inner) : [inner],
  );
}

/** Options that every command has with the same words, by their flags. */
function sharedOptions([first, ...others]) {
  const isShared = (option) =>
    others.every((command) =>
      command.options.some(
        ({ flags, description }) => flags === option.flags && description === option.description,
      ),
    );
  return new Map(first.options.filter(isShared).map((option) => [option.flags, option]));
}

function helpOption(program) {
  return program
    .createHelp()
    .visibleOptions(program)
    .find(({ long }) => long === "--help");
}

function nameOf(command) {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

function linkOf(command) {
  const name = nameOf(command);
  return [`[\`${name}\`](#${name.replaceAll(" ", "-")})`, command.description()];
}

function exitCodes() {
  return Object.entries(EXIT)
    .sort(([, code], [, other]) => code - other)
    .map(([name, code]) => [code, ...MEANING[name]]);
}

function sectionOf(command, shared) {
  const options = command.options.filter(({ flags, hidden }) => !hidden && !shared.has(flags));
  const required = options.filter(({ mandatory }) => mandatory).map(({ flags }) => ` ${flags}`);
  const rest = options.length > required.length || shared.size > 0 ? " [options]" : "";
  const taken = command.registeredArguments;
  const usage = [nameOf(command), required.join(""), rest, ...taken.map(argumentWord)].join("");
  return [
    `## ${nameOf(command)}`,
    sentence(command.description()),
    `\`\`\`text\n${usage}\n\`\`\``,
    ...(taken.some(({ description }) => description)
      ? [
          table(
            ["argument", "what"],
            taken.map((it) => [code(it.name()), it.description]),
          ),
        ]
      : []),
    ...(options.length > 0 ? [optionTable(options)] : []),
  ];
}

function argumentWord(argument) {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? ` <${name}>` : ` [${name}]`;
}

function optionTable(options) {
  return table(
    ["option", "what", "default"],
    options.map(({ flags, description, mandatory, defaultValue, defaultValueDescription }) => [
      code(flags),
      description,
      mandatory ? "needed" : defaultOf(defaultValue, defaultValueDescription),
    ]),
  );
}

function defaultOf(value, description) {
  if (description !== undefined) return description;
  const isNothing = value === undefined || value === false || value?.length === 0;
  return isNothing ? "" : code(String(value));
}

function table(titles, rows) {
  const line = (cells) => `| ${cells.map((it) => String(it).replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...rows.map(line)].join("\n");
}

const code = (text) => `\`${text}\``;
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
