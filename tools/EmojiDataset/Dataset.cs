namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>The finished data set.</summary>
/// <param name="Rows">Its rows in their fixed order: by style, then in the Unicode order of emoji.</param>
/// <param name="ToneRepairs">How many emoji had skin tones put right: see <see cref="ToneOrder"/>.</param>
internal sealed record Dataset(IReadOnlyList<DatasetRow> Rows, int ToneRepairs);
