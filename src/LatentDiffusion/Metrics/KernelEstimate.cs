namespace LatentDiffusion.Metrics;

/// <summary>A kernel distance (KID) and how far it may be off.</summary>
/// <param name="Mean">The distance: the mean over subsets.</param>
/// <param name="StandardError">
/// By how much <paramref name="Mean"/> would deviate if both sets, and the subsets, were drawn anew; null where a set
/// has fewer than three images.
/// </param>
/// <param name="Deviation">
/// The standard deviation of the subsets' distances (divided by their count), which tells how much a distance of so few
/// images wavers and not how exact the mean is; null where one subset was taken.
/// </param>
public sealed record KernelEstimate(double Mean, double? StandardError, double? Deviation);
