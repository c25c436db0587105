import { Presets, SingleBar } from 'cli-progress'

/**
 * Shows a bar on stderr while something goes on; where stderr is no terminal, a line every ten seconds.
 *
 * @param unit what is counted, shown behind the numbers
 */
export const startProgress = (title: string, total: number, unit = ''): SingleBar => {
  const progress = new SingleBar(
    {
      format: `${title} {bar} {percentage} % {value}/{total}${unit} {eta_formatted}`,
      stream: process.stderr,
      noTTYOutput: true,
      notTTYSchedule: 10_000,
      hideCursor: true,
    },
    Presets.shades_classic,
  )
  progress.start(total, 0)
  return progress
}
