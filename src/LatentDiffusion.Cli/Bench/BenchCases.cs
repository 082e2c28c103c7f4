using LatentDiffusion.Models.Published;
using static LatentDiffusion.Cli.Bench.ModelCases;

namespace LatentDiffusion.Cli.Bench;

/// <summary>The hot paths, at shapes that never change, so that measurements can be compared over time.</summary>
internal static class BenchCases
{
    private const string Small = "4x16x16 latents, 64 channels x 1,2,4, context 16x64";

    /// <summary>All cases in the order of the report.</summary>
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        new("unet-small-b16", $"UNet forward, batch 16, {Small}", () => UnetForward(SmallUnet, 16, 16, 16)),
        new("unet-small-b1", $"UNet forward, batch 1, {Small}", () => UnetForward(SmallUnet, 1, 16, 16)),
        new(
            "unet-small-train",
            $"training step with AdamW and EMA, batch 16, {Small}",
            () => UnetTraining(SmallUnet, 16, 16, 16)
        ),
        new("sample-small-ddim50", $"50 DDIM steps with guidance, batch 16, {Small}", () => Sampling(16, 50)),
        new(
            "unet-celebahq-b1",
            "celebahq-256 UNet forward, batch 1, 3x64x64",
            () => UnetForward(Published("celebahq"), 1, 64, 0)
        ),
        new(
            "unet-txt2img-b2",
            "txt2img 1.45B UNet forward, batch 2, 4x32x32, context 77x1280",
            () => UnetForward(Published("txt2img-1p4B"), 2, 32, 77)
        ),
        new(
            "unet-sd-512-b1",
            "SD 1.x UNet forward, batch 1, 4x64x64, context 77x768",
            () => UnetForward(PublishedModels.StableDiffusion, 1, 64, 77)
        ),
        new(
            "unet-sd-512-b2",
            "SD 1.x UNet forward, batch 2, 4x64x64, context 77x768",
            () => UnetForward(PublishedModels.StableDiffusion, 2, 64, 77)
        ),
        new(
            "unet-sd-256-b2",
            "SD 1.x UNet forward, batch 2, 4x32x32, context 77x768",
            () => UnetForward(PublishedModels.StableDiffusion, 2, 32, 77)
        ),
        new("decode-kl-f8-512", "kl-f8 decoder to 512x512", () => Decoder(FirstStage("kl-f8"), 1, 64)),
        new("decode-kl-f8-256", "kl-f8 decoder to 256x256", () => Decoder(FirstStage("kl-f8"), 1, 32)),
        new("decode-vq-f4-256", "vq-f4 decoder to 256x256", () => Decoder(FirstStage("vq-f4"), 1, 64)),
        new("encode-kl-f8-512", "kl-f8 encoder from 512x512", () => Encoder(FirstStage("kl-f8"), 1, 512)),
        new("encode-kl-f8-256", "kl-f8 encoder from 256x256", () => Encoder(FirstStage("kl-f8"), 1, 256)),
        new(
            "decode-tiled-2048-kl-f8",
            "kl-f8 tiled decoder to 2048x2048",
            () => TiledDecoder(FirstStage("kl-f8"), 256)
        ),
        new(
            "autoencoder-small-train",
            "kl-f4 training step with AdamW and EMA, batch 32, 64x64, 32 channels x 1,2,2",
            () => AutoencoderTraining(SmallAutoencoder, 32, 64)
        ),
        new("loader", "PNG files of 128x128 to batches of 32 at 64x64", SystemCases.Loader),
        new("evaluate-features", "2,048 PNG images of 64x64 to features, batches of 64", EvaluationCases.Features),
        new("checkpoint-save", "safetensors of the small UNet, written durably", SystemCases.SaveCheckpoint),
        new("checkpoint-load", "safetensors of the small UNet, read and verified", SystemCases.LoadCheckpoint),
        new("start-help", "process start to 'ldm --help'", SystemCases.Help),
        new("start-sample", "process start to one 64x64 sample, 10 steps", SystemCases.FirstSample),
    ];
}
