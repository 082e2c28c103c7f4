using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>Fresh noise in the latents' type, with temperature and dropout where they apply.</summary>
internal sealed class ShapedNoise(Func<Tensor> source, Tensor latents, SamplingOptions options)
{
    /// <summary>For a sampler's own randomness.</summary>
    public Tensor ForSampler()
    {
        using var scope = NewDisposeScope();
        var noise = Draw(source);
        if (options.NoiseDropout > 0)
        {
            // Whether an element is dropped follows from one more draw, so that it depends on the image's seed alone.
            var uniform = Draw(source).div(Scalars.Of(Math.Sqrt(2))).erf().add(Scalars.Of(1)).div(Scalars.Of(2));
            var kept = uniform.ge(Scalars.Of(options.NoiseDropout)).to(noise.dtype);
            noise =
                options.NoiseDropout < 1
                    ? noise.mul(kept).div(Scalars.Of(1 - options.NoiseDropout))
                    : noise.mul(Scalars.Of(0));
        }

        return (
            options.Temperature == 1 ? noise : noise.mul(Scalars.Of(options.Temperature))
        ).MoveToOuterDisposeScope();
    }

    /// <summary>For the forward process of what is known.</summary>
    public Tensor ForKnown() => Draw(options.Known?.Noise ?? source);

    private Tensor Draw(Func<Tensor> from) => from().to(latents.dtype, latents.device);
}
