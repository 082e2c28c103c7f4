using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Composition;

/// <summary>An object on a transparent ground.</summary>
/// <param name="Class">Its label.</param>
/// <param name="Caption">What it shows, in the middle of a sentence: "a red apple".</param>
/// <param name="Image">Cut to its visible part.</param>
public sealed record Cutout(string Class, string Caption, RgbaImage Image);
