using LatentDiffusion.Diffusion;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion;

public sealed class PredictionTests : IDisposable
{
    private static readonly long[] Shape = [2, 3, 4, 4];

    private readonly NoiseLevel _level = NoiseLevel.FromAlphaCumprod(300, 0.4);
    private readonly torch.Tensor _clean = FormulaInput.X(Shape, 0.05, a => 2 * Math.Sin(a));
    private readonly torch.Tensor _noise = FormulaInput.X(Shape, 0.33, Math.Cos);

    private torch.Tensor Noisy => _clean.mul(_level.Signal).add(_noise.mul(_level.Noise));

    [Theory]
    [InlineData(Parameterization.Eps)]
    [InlineData(Parameterization.X0)]
    [InlineData(Parameterization.V)]
    public void Every_parametrisation_says_the_same(Parameterization parameterization)
    {
        using var scope = torch.NewDisposeScope();
        var prediction = new Prediction(parameterization, Noisy, _level, OutputOf(parameterization, _level));

        TensorAssert.Close(prediction.Clean, _clean, 1e-5);
        TensorAssert.Close(prediction.Noise, _noise, 1e-5);
        TensorAssert.Close(prediction.ImpliedNoise, _noise, 1e-5);
        TensorAssert.Close(prediction.CleanFor(_noise), _clean, 1e-5);
    }

    [Theory]
    [InlineData(Parameterization.X0)]
    [InlineData(Parameterization.V)]
    public void Without_any_signal_x0_and_v_still_say_everything(Parameterization parameterization)
    {
        using var scope = torch.NewDisposeScope();
        var level = new NoiseLevel(999, 0, 1);
        var prediction = new Prediction(parameterization, _noise, level, OutputOf(parameterization, level));

        TensorAssert.Close(prediction.Clean, _clean, 1e-6);
        TensorAssert.Close(prediction.Noise, _noise, 1e-6);
        TensorAssert.Close(prediction.WithNoise(_noise.add(1)).Clean, _clean, 1e-6);
    }

    [Fact]
    public void Noise_predicted_where_there_is_nothing_else_is_refused() =>
        Assert.Throws<ArgumentException>(() =>
            new Prediction(Parameterization.Eps, _noise, new NoiseLevel(999, 0, 1), _noise)
        );

    [Fact]
    public void Clipping_changes_x0_and_the_implied_noise_only()
    {
        using var scope = torch.NewDisposeScope();
        var prediction = ConstrainedDenoiser.Clip(new Fixed(_noise)).Denoise(Noisy, _level);

        TensorAssert.Close(prediction.Clean, _clean.clamp(-1, 1), 1e-5);
        TensorAssert.Close(prediction.CleanFor(_noise), _clean.clamp(-1, 1), 1e-5);
        TensorAssert.Equal(prediction.Noise, _noise);
        TensorAssert.Close(
            _clean.clamp(-1, 1).mul(_level.Signal).add(prediction.ImpliedNoise.mul(_level.Noise)),
            Noisy,
            1e-5
        );
    }

    [Fact]
    public void Quantised_x0_consists_of_scaled_codebook_entries()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = new VectorQuantizer(5, 3);
        FormulaWeights.Fill(quantizer);
        var prediction = ConstrainedDenoiser
            .Quantize(new Fixed(_noise), quantizer, scaleFactor: 2)
            .Denoise(Noisy, _level);

        TensorAssert.Close(
            prediction.Clean,
            quantizer.Quantize(new Fixed(_noise).Denoise(Noisy, _level).Clean.div(2)).Quantized.mul(2),
            1e-6
        );
        Assert.True(torch.unique(prediction.Clean.detach().round(4)).output.numel() <= 15);
    }

    [Fact]
    public void Constraints_follow_one_another()
    {
        using var scope = torch.NewDisposeScope();
        var prediction = new Prediction(Parameterization.X0, Noisy, _level, _clean)
            .WithConstraint(x => x.add(1))
            .WithConstraint(x => x.mul(2));

        TensorAssert.Close(prediction.Clean, _clean.add(1).mul(2), 1e-6);
    }

    public void Dispose()
    {
        _clean.Dispose();
        _noise.Dispose();
    }

    private torch.Tensor OutputOf(Parameterization parameterization, NoiseLevel level) =>
        parameterization switch
        {
            Parameterization.Eps => _noise,
            Parameterization.X0 => _clean,
            _ => _noise.mul(level.Signal).sub(_clean.mul(level.Noise)),
        };

    private sealed class Fixed(torch.Tensor noise) : IDenoiser
    {
        public Prediction Denoise(torch.Tensor noisy, NoiseLevel level) =>
            new(Parameterization.Eps, noisy, level, noise.alias());
    }
}
