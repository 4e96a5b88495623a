import type { MemberFacts, MessageFacts } from '@parley/store-sql';
import type { Command } from 'commander';
import { idArgument } from '../arguments.ts';
import { printable } from '../chat/events.ts';
import { CliError } from '../cli-error.ts';
import { withOperatorStore } from '../edge-access.ts';
import { formatTime } from '../format.ts';
import { lookUpPresence, type Presence } from '../presence.ts';

const EXAMPLES = `
Examples:
  parley why 75                         whether message 75 is stored, whom it has reached, who is connected where

Message ids are what a send is answered with. The text of the message is never shown.`;

/** A group of the greatest size, with its past members. */
const MAX_MEMBERS = 2_000;

export function whyCommand(parent: Command): void {
  parent
    .command('why')
    .description('Explains one message: its place, its status and times, how far it has reached each member.')
    .argument('<message_id>', 'the id of the message', idArgument)
    .addHelpText('after', EXAMPLES)
    .action(why);
}

async function why(messageId: number): Promise<void> {
  await withOperatorStore(async (store, config) => {
    const message = await store.message(messageId);
    if (message === null) {
      const last = await store.lastMessageId();
      const hint =
        messageId > last
          ? `The highest id so far is ${last}: no send has been answered with this one by this store.`
          : 'Its send was never acknowledged: ids of transactions that were rolled back stay unused.';
      throw new CliError(`Message ${messageId} is not stored.`, hint);
    }
    const members = await store.members(message.conversationId, MAX_MEMBERS);
    const presence = await lookUpPresence(
      config,
      members.map(({ userId }) => userId),
      () => store.lastMessageId(),
    );
    const sender = await store.user(message.senderId);
    console.log(
      head(message, sender === null ? `user ${message.senderId}` : `${printable(sender.name)} (user ${sender.id})`),
    );
    for (const member of members) console.log(`  ${line(message, member, presence)}`);
    if (presence.note !== null) console.log(`\n${presence.note}`);
  });
}

function head(message: MessageFacts, sender: string): string {
  const { messageId, conversationId, kind, seq, sentAtUs, status, deliveredAtUs, seenAtUs } = message;
  const lines = [
    `Message ${messageId} is stored: number ${seq} of ${kind} conversation ${conversationId}.`,
    `Sent by ${sender} at ${formatTime(sentAtUs)}.`,
  ];
  if (kind === 'personal') {
    const steps = [`Status: ${status}`];
    if (deliveredAtUs !== null) steps.push(`delivered at ${formatTime(deliveredAtUs)}`);
    if (seenAtUs !== null) steps.push(`seen at ${formatTime(seenAtUs)}`);
    lines.push(`${steps.join(', ')}.`);
  }
  return [...lines, '', 'Members:'].join('\n');
}

function line(message: MessageFacts, member: MemberFacts, presence: Presence): string {
  const name = `user ${member.userId}`.padEnd(14);
  return `${name} ${reached(message, member)}; ${presence.of(member.userId)}`;
}

function reached({ seq, senderId, kind, status }: MessageFacts, member: MemberFacts): string {
  if (member.userId === senderId) return 'sent it';
  if (seq <= member.joinedSeq) return `came later (after number ${member.joinedSeq}), does not get it`;
  if (member.leftSeq !== null && seq > member.leftSeq) return `had left (at number ${member.leftSeq}), does not get it`;
  const cursors = `has everything up to ${member.deliveredSeq}`;
  // A personal message's own status is exact; the member's cursor of seen messages is a group's.
  if (kind === 'personal')
    return status === 'sent' ? `does not have it yet, ${cursors}` : `has it (${status}), ${cursors}`;
  if (seq <= member.seenSeq) return `has seen it, seen up to ${member.seenSeq}`;
  return seq <= member.deliveredSeq
    ? `has it, ${cursors}, seen up to ${member.seenSeq}`
    : `does not have it yet, ${cursors}`;
}
