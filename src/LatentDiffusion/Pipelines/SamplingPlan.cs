using LatentDiffusion.Imaging;

namespace LatentDiffusion.Pipelines;

/// <summary>A task in terms of the sampler: what it has to draw, and what becomes of each image it draws.</summary>
/// <param name="Request">What to draw.</param>
/// <param name="Finish">From an image as drawn to the result: cropped to the size asked for, say.</param>
public sealed record SamplingPlan(SamplingRequest Request, Func<RgbImage, RgbImage> Finish)
{
    /// <summary>A plan whose results are the images as drawn.</summary>
    public static SamplingPlan Of(SamplingRequest request) => new(request, image => image);
}
